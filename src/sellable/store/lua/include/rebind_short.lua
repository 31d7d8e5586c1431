-- Moves the units that overcommitted positions owe a hold to where the market has stock, in the
-- working copies. What is nowhere stays where it is. Returns the SKUs to refresh first, or nil.
local function rebind_short(reservation, allocations_max, now, retention_ms)
  if not owed(reservation) then
    return nil
  end
  local stale = prepare_skus(reservation.lines, reservation.market, now, retention_ms)
  if stale then
    return stale
  end
  local sells = redis.call('HEXISTS', KEYS[1], 'm:' .. reservation.market) == 1
  local function allows(location)
    return may_come_to(reservation, location)
  end
  mark_short(reservation)
  for _, line in ipairs(reservation.lines) do
    local state = load_sku(line.sku)
    for index = 1, #line.allocations do
      local allocation = line.allocations[index]
      local short = allocation.short or 0
      allocation.short, allocation.expect_ms = nil, nil
      if sells and short > 0 and line.location == '' then
        for _, part in ipairs(bind(state, reservation.market, short, allocations_max, allows)) do
          allocation.open = allocation.open - part.quantity
          unbind(state, allocation.location, part.quantity)
          record(state, 'TRANSFERRED', allocation.location, -part.quantity, reservation.reservation_id)
          take(reservation, line, part.location, part.quantity, 'TRANSFERRED')
          state.taken[part.location] = nil
        end
      end
    end
    state.shortages = nil
  end
  return nil
end
