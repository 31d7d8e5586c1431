-- Units of a SKU that a line bound to one location can take there, beside what this script took.
local function free_at(state, location)
  local position = position_of(state, location)
  local place = location_of(location)
  if not position or not place or not place.enabled then
    return 0
  end
  local available = units(place, position[1], position[2], position[3], position[4])
  return math.max(0, available - (state.taken[location] or 0))
end
