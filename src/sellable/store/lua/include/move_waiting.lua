-- Moves the units that a line has waiting for a supply to stock of its location, out of what is kept there
-- for those who wait: reserved at the location stays what it was.
local function move_waiting(state, reservation, line, at, supply)
  local waiting = line.allocations[at]
  local place, quantity = waiting.location, waiting.open
  local location = string.match(place, '^(.*)%+')
  local position = position_of(state, place)
  supply.pool = supply.pool - quantity
  set_position(state, place, position[1] - quantity, position[2] - quantity, 0, 0)
  record(state, 'TRANSFERRED', place, -quantity, reservation.reservation_id)
  record(state, 'TRANSFERRED', location, quantity, reservation.reservation_id)
  waiting.open = 0
  if waiting.released == 0 and waiting.expired == 0 then
    table.remove(line.allocations, at)
  end
  for _, allocation in ipairs(line.allocations) do
    if allocation.location == location then
      allocation.open = allocation.open + quantity
      return
    end
  end
  line.allocations[#line.allocations + 1] =
    { location = location, open = quantity, fulfilled = 0, released = 0, expired = 0 }
end
