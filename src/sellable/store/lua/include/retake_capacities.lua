-- Takes again the daily capacities of an expired hold where units come back, if all of them are left; whether it did.
-- Days that are over are nobody's any more.
local function retake_capacities(reservation, plan, now)
  local goods, lines = {}, {}
  for _, part in ipairs(plan) do
    local location = string.match(part.location, '^(.*)%+') or part.location
    goods[location] = goods[location] or part.quantity > 0
  end
  for _, line in ipairs(reservation.lines) do
    if line.capacity and line.capacity > now and line.allocations[1].expired > 0 and goods[line.location] then
      lines[#lines + 1] = line
      if capacity_left(line.sku, line.location) < 1 then
        return false
      end
    end
  end
  for _, line in ipairs(lines) do
    take_capacity(reservation, line.sku, line.location, line.capacity, 'HELD')
  end
  return true
end
