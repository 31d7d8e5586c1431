-- Notes on each allocation the units that an overcommitted position owes it.
local function mark_short(reservation)
  if redis.call('EXISTS', key('o', '')) == 0 then
    return
  end
  local id = reservation.reservation_id
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      local location = allocation.location
      if allocation.open > 0 and redis.call('ZSCORE', key('o', ''), location .. ':' .. line.sku) then
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
