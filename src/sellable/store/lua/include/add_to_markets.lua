-- Adds to the supply and the on hand of markets, and notes that their numbers are to be looked at.
local function add_to_markets(state, markets, supply_change, on_hand_change)
  local flat, touched, rules = state.flat, state.touched, state.rules
  local at = -3
  for at_rule = 1, #markets, 5 do
    at = market_at(state, markets[at_rule], at + 4)
    flat[at + 1] = flat[at + 1] + supply_change
    flat[at + 2] = flat[at + 2] + on_hand_change
    touched[at] = markets
    rules[at] = at_rule
  end
end
