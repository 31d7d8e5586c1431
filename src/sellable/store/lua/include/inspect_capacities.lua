-- Adds the faults of what a reservation has of daily capacities: it holds one only where it has open units, uses
-- one only where goods have left, and who uses one is noted there for as long as the day is kept.
local function inspect_capacities(reservation, faults)
  local id, open, shipped = reservation.reservation_id, {}, {}
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.capacity and {} or line.allocations) do
      local location = string.match(allocation.location, '^(.*)%+') or allocation.location
      open[location] = open[location] or allocation.open > 0
      shipped[location] = shipped[location] or allocation.fulfilled > 0
    end
  end
  for _, line in ipairs(reservation.lines) do
    local allocation, location = line.allocations[1], line.location
    if line.capacity and allocation.open > 0 and not open[location] then
      faults[#faults + 1] = { id, 'held of ' .. line.sku, 0 }
    end
    if line.capacity and allocation.fulfilled > 0 and not shipped[location] then
      faults[#faults + 1] = { id, 'used of ' .. line.sku, 0 }
    end
    if line.capacity and redis.call('HEXISTS', key('k:', line.sku), location) == 1 then
      local noted = redis.call('HEXISTS', key('k:', line.sku), 'u:' .. id)
      if noted ~= allocation.fulfilled then
        faults[#faults + 1] = { id, 'use of ' .. line.sku, allocation.fulfilled }
      end
    end
  end
end
