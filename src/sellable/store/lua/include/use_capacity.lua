-- Goods of a reservation left a location: what it held of the day, or had given back, is used from now on. Who
-- used it is noted beside the position, for verify. A day that is forgotten is not counted any more.
local function use_capacity(reservation, line)
  local allocation, location, id = line.allocations[1], line.location, reservation.reservation_id
  local state = load_sku(line.sku)
  if allocation.open > 0 then
    give_back(reservation, line, allocation, 1, 'fulfilled', 'FULFILLED')
  else
    allocation.fulfilled, allocation.released, allocation.expired = 1, 0, 0
  end
  local position = position_of(state, location)
  if position then
    set_position(state, location, position[1] - 1, position[2], 0, 0)
    state.values['u:' .. id] = '1'
    record(state, 'ON_HAND', location, -1, id, 'sellable')
  end
end
