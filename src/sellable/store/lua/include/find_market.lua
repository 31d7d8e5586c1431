-- Where the four values of a market begin in flat; nil if it has none. Locations list their markets
-- in one order and flat follows it, so the place after the last one is mostly right.
local function find_market(state, market, guess)
  if state.flat[guess] == market then
    return guess
  end
  if not state.index then
    state.index = {}
    for at = 1, #state.flat, 4 do
      state.index[state.flat[at]] = at
    end
  end
  return state.index[market]
end
