-- Notes on each allocation the units that an overcommitted position owes it, and when the supply that it
-- waits for is expected.
local function mark_short(reservation)
  local owes = redis.call('EXISTS', key('o', '')) == 1
  local id = reservation.reservation_id
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      local location = allocation.location
      if allocation.open > 0 and string.find(location, '+', 1, true) then
        allocation.expect_ms = load_supplies(load_sku(line.sku))[location].expect_ms
      end
      if owes and allocation.open > 0 and redis.call('ZSCORE', key('o', ''), location .. ':' .. line.sku) then
        local state = load_sku(line.sku)
        state.shortages = state.shortages or {}
        local short = state.shortages[location] or shortages(state, location)
        state.shortages[location] = short
        allocation.short = math.min(short[id] or 0, allocation.open)
        short[id] = (short[id] or 0) - allocation.short
      end
    end
  end
end
