-- What left from where: the named parts, or without any everything that was granted and has not
-- shipped, from where it is or last was bound. Returns nil with a field path (or UNKNOWN_LOCATION)
-- and what is allowed (or its name).
local function shipped_parts(reservation, parts)
  local found = {}
  if #parts == 0 then
    for _, line in ipairs(reservation.lines) do
      for _, allocation in ipairs(line.capacity and {} or line.allocations) do
        local quantity = allocation.open + allocation.released + allocation.expired
        if reservation.state == 'HELD' or reservation.state == 'CONFIRMED' then
          quantity = allocation.open
        end
        if quantity > 0 then
          local location = string.match(allocation.location, '^(.*)%+') or allocation.location
          found[#found + 1] = { line = line, location = location, quantity = quantity }
        end
      end
    end
    return found
  end
  local asked = {}
  for at, part in ipairs(parts) do
    local path = 'quantities[' .. (at - 1) .. ']'
    if part.location ~= '' and not location_of(part.location) then
      return nil, 'UNKNOWN_LOCATION', part.location
    end
    local lines = {}
    for _, line in ipairs(reservation.lines) do
      local same = part.line_id ~= '' and line.line_id == part.line_id
      if same or (part.line_id == '' and line.sku == part.sku) then
        lines[#lines + 1] = line
      end
    end
    if #lines == 0 then
      return nil, path, 'names no line of this reservation'
    end
    local left = part.quantity
    for index, line in ipairs(lines) do
      local location, open, places = part.location, -(asked[line] or 0), 0
      for _, allocation in ipairs(line.allocations) do
        open = open + allocation.open
        if part.location == '' and (allocation.open > 0 or #line.allocations == 1) then
          local place = string.match(allocation.location, '^(.*)%+') or allocation.location
          places = location == place and places or places + 1
          location = place
        end
      end
      local quantity = index == #lines and left or math.max(0, math.min(left, open))
      if quantity > 0 and part.location == '' and places ~= 1 then
        return nil, path .. '.location', 'is required: the line is not bound to exactly one location'
      end
      if quantity > 0 then
        found[#found + 1] = { line = line, location = location, quantity = quantity }
        asked[line] = (asked[line] or 0) + quantity
        left = left - quantity
      end
    end
  end
  return found
end
