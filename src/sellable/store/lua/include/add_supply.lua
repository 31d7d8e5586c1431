-- Adds to the supply and the on hand of every market that sells from a location.
local function add_supply(state, place, supply_change, on_hand_change)
  local flat, markets, touched, rules = state.flat, place.markets, state.touched, state.rules
  local at = -3
  for at_rule = 1, #markets, 5 do
    local market = markets[at_rule]
    at = flat[at + 4] == market and at + 4 or find_market(state, market, at + 4)
    if not at then
      at = #flat + 1
      flat[at], flat[at + 1], flat[at + 2], flat[at + 3] = market, 0, 0, -1
      state.index[market] = at
    end
    flat[at + 1] = flat[at + 1] + supply_change
    flat[at + 2] = flat[at + 2] + on_hand_change
    touched[at] = markets
    rules[at] = at_rule
  end
end
