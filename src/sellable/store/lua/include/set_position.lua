-- Changes a position of the working copy, and with it the supply of every market that sells from
-- its location. Markets whose numbers an unfinished roll-out still has to recompute may be wrong
-- here: their readers do not trust the view, and refresh computes them from the positions.
local function set_position(state, location, on_hand, reserved, safety, blocked)
  load_sku(state.sku)
  if state.capacity then
    state.positions[location], state.dirty[location] = { on_hand, reserved, safety, blocked }, true
    return
  end
  local old = position_of(state, location)
  local place = location_of(location)
  local available, overcommitted, counted = units(place, on_hand, reserved, safety, blocked)
  local available_old, overcommitted_old, counted_old = 0, 0, 0
  if old then
    available_old, overcommitted_old, counted_old = units(place, old[1], old[2], old[3], old[4])
  end
  state.positions[location] = { on_hand, reserved, safety, blocked }
  state.dirty[location] = true
  if overcommitted ~= overcommitted_old then
    state.overcommitted = state.overcommitted or {}
    state.overcommitted[location] = overcommitted
  end
  if not place then
    return
  end
  local supply_change, on_hand_change = 0, 0
  if place.enabled then
    supply_change = available - overcommitted - available_old + overcommitted_old
    on_hand_change = counted - counted_old
  end
  if old and supply_change == 0 and on_hand_change == 0 then
    return
  end
  add_supply(state, place, supply_change, on_hand_change)
end
