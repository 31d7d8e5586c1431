-- Units of a supply that a market can still promise, beside what this script took.
local function promised_at(state, market, place)
  for _, supply in ipairs(future_of(state, market, clock(ARGV[1]), math.huge)) do
    if supply.place == place then
      return math.max(0, supply.free - (state.taken[place] or 0))
    end
  end
  return 0
end
