-- What becomes of the daily capacities of a reservation after its units have moved: where units are open they stay
-- held; where none is they are used if anything left from there, else given back. Goods that left a location
-- whose capacity was given back before use it after all. Without a plan there are none, and this is one look.
local function settle_capacities(reservation)
  if not reservation.ship_by_ms then
    return
  end
  local open, shipped, counted = {}, {}, {}
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      local location = string.match(allocation.location, '^(.*)%+') or allocation.location
      if line.capacity then
        counted[location] = counted[location] or allocation.open + allocation.fulfilled > 0
      else
        open[location] = open[location] or allocation.open > 0
        shipped[location] = shipped[location] or allocation.fulfilled > 0
      end
    end
  end
  -- Days that it had until now, or until it expired, go before those that it had given back earlier.
  for _, is_last in ipairs({ true, false }) do
    for _, line in ipairs(reservation.lines) do
      local location, allocation = line.location, line.allocations[1]
      if line.capacity and not open[location] and (allocation.open + allocation.expired > 0) == is_last then
        if shipped[location] and (allocation.open > 0 or not counted[location]) then
          use_capacity(reservation, line)
          counted[location] = true
        elseif allocation.open > 0 then
          give_back(reservation, line, allocation, 1, 'released', 'RELEASED')
        end
      end
    end
  end
end
