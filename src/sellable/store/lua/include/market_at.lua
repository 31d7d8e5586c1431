-- Where the four values of a market begin in flat; they are appended where it has none.
local function market_at(state, market, guess)
  local flat = state.flat
  if flat[guess] == market then
    return guess
  end
  local at = find_market(state, market, guess)
  if not at then
    at = #flat + 1
    flat[at], flat[at + 1], flat[at + 2], flat[at + 3] = market, 0, 0, -1
    state.index[market] = at
  end
  return at
end
