-- Takes open units of an allocation off its position: they are `released`, `expired` or
-- `fulfilled`, as `field` says, and go to the ledger as `kind`.
local function give_back(reservation, line, allocation, quantity, field, kind)
  local state = load_sku(line.sku)
  local position = position_of(state, allocation.location)
  allocation.open = allocation.open - quantity
  allocation[field] = allocation[field] + quantity
  set_position(state, allocation.location, position[1], position[2] - quantity, position[3], position[4])
  record(state, kind, allocation.location, -quantity, reservation.reservation_id)
end
