-- Makes the capacities of a plan those that a reservation holds: days that it does not name are given back, or used
-- where goods have left on them.
local function rebind_capacities(reservation, capacities)
  local planned, shipped = {}, {}
  for _, capacity in ipairs(capacities) do
    planned[capacity[1]] = true
  end
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.capacity and {} or line.allocations) do
      shipped[allocation.location] = shipped[allocation.location] or allocation.fulfilled > 0
    end
  end
  for _, line in ipairs(reservation.lines) do
    local allocation = line.allocations[1]
    if line.capacity and allocation.open > 0 and not planned[line.sku] then
      if shipped[line.location] then
        use_capacity(reservation, line)
      else
        give_back(reservation, line, allocation, 1, 'released', 'RELEASED')
      end
    end
  end
  for _, capacity in ipairs(capacities) do
    take_capacity(reservation, capacity[1], capacity[2], capacity[3], 'HELD')
  end
end
