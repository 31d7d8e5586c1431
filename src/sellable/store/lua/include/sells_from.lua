-- Whether a market sells from a location.
local function sells_from(market, place)
  for at = 1, #place.markets, 5 do
    if place.markets[at] == market then
      return true
    end
  end
  return false
end
