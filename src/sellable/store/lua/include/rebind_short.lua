-- Moves the units that overcommitted positions owe a hold to where the market has stock, in the
-- working copies. What is nowhere stays where it is. Returns the SKUs to refresh first, or nil.
local function rebind_short(reservation, allocations_max, now, retention_ms)
  if redis.call('EXISTS', key('o', '')) == 0 then
    return nil
  end
  local packed = redis.call('HGET', KEYS[1], 'm:' .. reservation.market)
  local epoch = packed and cmsgpack.unpack(packed)[1] or 0
  local stale = {}
  for _, line in ipairs(reservation.lines) do
    local state = load_sku(line.sku)
    if not state.taken then
      state.taken = {}
      if expire_due(state, now, retention_ms) > 0 then
        flush_all(now)
      end
    end
    if state.epoch and state.epoch < epoch then
      stale[#stale + 1] = line.sku
    end
  end
  if #stale > 0 then
    return stale
  end
  mark_short(reservation)
  for _, line in ipairs(reservation.lines) do
    local state = load_sku(line.sku)
    for index = 1, #line.allocations do
      local allocation = line.allocations[index]
      local short = allocation.short or 0
      allocation.short = nil
      if packed and short > 0 and line.location == '' then
        for _, part in ipairs(bind(state, reservation.market, short, allocations_max)) do
          local from = position_of(state, allocation.location)
          allocation.open = allocation.open - part.quantity
          set_position(state, allocation.location, from[1], from[2] - part.quantity, from[3], from[4])
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
