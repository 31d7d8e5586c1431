-- Chooses future supply for what stock does not cover of a line, the earliest first, within what the market
-- can promise beyond its number. Takes nothing itself; adds to the parts and returns how many units it found.
local function place_future(state, request, line, wanted, parts, parts_max)
  local now, until_ms = clock(ARGV[1]), request.accept_backorder_until_ms
  if until_ms <= now or wanted <= 0 then
    return 0
  end
  if not state.future then
    local index, sum, counted = nil, 0, 0
    state.future, index = future_of(state, request.market, now, until_ms)
    for _, supply in ipairs(state.future) do
      sum, counted = sum + supply.free, counted + supply.counted
    end
    state.future_left = sum > 0 and math.max(0, number_with(state, request.market, index, sum, counted)
      - number_with(state, request.market, index, 0, 0)) or 0
  end
  wanted = math.min(wanted, state.future_left)
  local found = 0
  for _, supply in ipairs(state.future) do
    local free = math.min(supply.free - (state.taken[supply.place] or 0), wanted - found)
    if free > 0 and #parts < parts_max and (line.location == '' or line.location == supply.location) then
      parts[#parts + 1] = { location = supply.place, quantity = free }
      state.taken[supply.place] = (state.taken[supply.place] or 0) + free
      found = found + free
    end
  end
  state.future_left = state.future_left - found
  return found
end
