-- Takes units off the position that they are bound to. Where they wait for a supply of which goods have
-- arrived, what is kept beyond those who still wait goes back to the stock of the location.
local function unbind(state, place, quantity)
  local position = position_of(state, place)
  local reserved, surplus = position[2] - quantity, 0
  local location = string.match(place, '^(.*)%+')
  if location then
    local supply = load_supplies(state)[place]
    surplus = math.max(0, supply.pool - reserved)
    supply.pool = supply.pool - surplus
  end
  set_position(state, place, position[1] - surplus, reserved, position[3], position[4])
  if surplus > 0 then
    local stock = position_of(state, location)
    set_position(state, location, stock[1], stock[2] - surplus, stock[3], stock[4])
    record(state, 'KEPT', location, -surplus)
  end
end
