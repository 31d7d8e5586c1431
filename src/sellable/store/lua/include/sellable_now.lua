-- The number of the market at `at` in the working copy:
-- max(0, supply - protection buffer), at most the cap. The percentage is of the market's on hand.
-- What is left of a quota is not in it: others of its item class change that without coming here.
local function sellable_now(state, at)
  local markets, rule = state.touched[at], state.rules[at]
  if not markets then
    return state.flat[at + 3]
  end
  local market, on_hand = state.flat[at], state.flat[at + 2]
  local units_kept, basis_points, floor, cap =
    markets[rule + 1], markets[rule + 2], markets[rule + 3], markets[rule + 4]
  if state.overrides then
    local buffer = state.overrides[1][market]
    if buffer then
      units_kept, basis_points, floor = buffer[1], buffer[2], buffer[3]
    end
    cap = state.overrides[2][market] or cap
  end
  local kept = units_kept > floor and units_kept or floor
  if basis_points > 0 then
    kept = math.max(kept, share_of(on_hand, basis_points))
  end
  local number = state.flat[at + 1] - kept
  if number < 0 then
    return 0
  end
  return cap >= 0 and number > cap and cap or number
end
