-- Adds to the supply and the on hand of every market that sells from a location. A copy that look_at began
-- gathers that, for nobody asks it for a market before its numbers are shown: locations that are compiled
-- alike share their markets, so the rows of a feed about one SKU mostly change all its numbers once.
local function add_supply(state, place, supply_change, on_hand_change)
  local changes = state.changes
  if changes then
    local change = changes[place.markets] or { 0, 0 }
    change[1], change[2] = change[1] + supply_change, change[2] + on_hand_change
    changes[place.markets] = change
  else
    add_to_markets(state, place.markets, supply_change, on_hand_change)
  end
end
