-- Adds to the supply and the on hand of markets and notes their numbers, by one look at each: for a working
-- copy without rules of its own. What a number is, see sellable_now.
local function show_at_once(state, markets, change, changed)
  local flat, supply_change, on_hand_change = state.flat, change[1], change[2]
  local at = -3
  for at_rule = 1, #markets, 5 do
    at = market_at(state, markets[at_rule], at + 4)
    local supply, on_hand = flat[at + 1] + supply_change, flat[at + 2] + on_hand_change
    flat[at + 1], flat[at + 2] = supply, on_hand
    local kept, basis_points, cap = markets[at_rule + 1], markets[at_rule + 2], markets[at_rule + 4]
    if basis_points > 0 then
      kept = math.max(kept, share_of(on_hand, basis_points))
    end
    local number = math.max(0, supply - math.max(kept, markets[at_rule + 3]))
    note_number(state, at, cap >= 0 and math.min(cap, number) or number, changed)
  end
end
