-- Finds the line and the allocation that each named part means. Returns the list of
-- { line, allocation, quantity, ... } or nil with the field path and what is allowed.
-- Without a location a line's only allocation with open units is meant; `any_location` lets the
-- part stretch over several, the last bound first. `path_form` makes the path of an index from 0.
local function find_parts(reservation, parts, any_location, path_form)
  local found = {}
  local asked = {}
  for at, part in ipairs(parts) do
    local path = string.format(path_form, at - 1)
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
    local places = {}
    for _, line in ipairs(lines) do
      for index = #line.allocations, 1, -1 do
        local allocation = line.allocations[index]
        local open = allocation.open - (asked[allocation] or 0)
        if open > 0 and (part.location == '' or allocation.location == part.location) then
          places[allocation.location] = true
          local quantity = math.min(open, left)
          if quantity > 0 then
            found[#found + 1] = { line = line, allocation = allocation, quantity = quantity, part = part, at = at }
            asked[allocation] = (asked[allocation] or 0) + quantity
            left = left - quantity
          end
        end
      end
    end
    local first = next(places)
    if not any_location and first and next(places, first) then
      return nil, path .. '.location', 'is required: the line is bound to several locations'
    end
    if left > 0 then
      return nil, path .. '.quantity', 'at most ' .. string.format('%.0f', part.quantity - left) .. ' open units'
    end
  end
  return found
end
