-- Takes one order of a location's day for a reservation, as one more line of it; nothing where it holds or has
-- used one already. `forget_ms` is when the day is over everywhere.
local function take_capacity(reservation, sku, location, forget_ms, kind)
  local line
  for _, known in ipairs(reservation.lines) do
    line = known.sku == sku and known or line
  end
  if not line then
    line = { line_id = '', sku = sku, requested = 1, granted = 1, location = location, capacity = forget_ms,
      allocations = { { location = location, open = 0, fulfilled = 0, released = 0, expired = 0 } } }
    reservation.lines[#reservation.lines + 1] = line
  end
  local allocation = line.allocations[1]
  if allocation.open + allocation.fulfilled > 0 then
    return
  end
  allocation.open, allocation.released, allocation.expired = 1, 0, 0
  local state = load_sku(sku)
  local position = position_of(state, location)
  if not position then
    position = { 0, 0 }
    state.writes[#state.writes + 1] = { 'ZADD', key('days', ''), forget_ms, sku }
  end
  set_position(state, location, position[1], position[2] + 1, 0, 0)
  record(state, kind, location, 1, reservation.reservation_id)
end
