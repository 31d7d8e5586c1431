-- Binds units to a position: reserved rises, and the allocation of the line at that location.
local function take(reservation, line, location, quantity, kind)
  local state = load_sku(line.sku)
  local position = position_of(state, location)
  set_position(state, location, position[1], position[2] + quantity, position[3], position[4])
  record(state, kind, location, quantity, reservation.reservation_id)
  for _, allocation in ipairs(line.allocations) do
    if allocation.location == location then
      allocation.open = allocation.open + quantity
      return allocation
    end
  end
  local allocation = { location = location, open = quantity, fulfilled = 0, released = 0, expired = 0 }
  line.allocations[#line.allocations + 1] = allocation
  return allocation
end
