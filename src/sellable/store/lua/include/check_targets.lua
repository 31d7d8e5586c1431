-- Whether a market sells from every location that moves go to. Returns a refusal and its detail, or
-- nil.
local function check_targets(market, moves)
  for _, move in ipairs(moves) do
    if not location_of(move.to_location) then
      return 'UNKNOWN_LOCATION', move.to_location
    end
  end
  for _, move in ipairs(moves) do
    if not sells_from(market, location_of(move.to_location)) then
      return 'LOCATION_NOT_IN_MARKET', { move.to_location, market }
    end
  end
  return nil
end
