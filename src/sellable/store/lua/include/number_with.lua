-- The number that a market would show if so many more units were available at its locations, and so many
-- more on hand: the same buffer and cap.
local function number_with(state, market, index, more, counted)
  local supplied = state.supplies and next(state.supplies)
  while supplied and not state.touched[index] do
    local location = location_of(string.match(supplied, '^(.*)%+'))
    for at = 1, location and #location.markets or 0, 5 do
      if location.markets[at] == market then
        state.touched[index], state.rules[index] = location.markets, at
      end
    end
    supplied = next(state.supplies, supplied)
  end
  local flat = state.flat
  flat[index + 1], flat[index + 2] = flat[index + 1] + more, flat[index + 2] + counted
  local number = sellable_now(state, index)
  flat[index + 1], flat[index + 2] = flat[index + 1] - more, flat[index + 2] - counted
  return number
end
