-- The deltas and shipments that are kept of a place, as a working copy. `all` has every one by source and
-- event id (observe time, quantity, sequence) where they were read; before, `news` has those of this script and
-- `gone` those that are forgotten by it. `none` says that nothing is stored.
local function facts_of(state, place, none)
  load_sku(state.sku)
  local facts = state.facts[place]
  if not facts then
    local name = place .. ':' .. state.sku
    facts = { times = key('d:', name), ids = key('f:', name), news = {}, gone = {}, all = none and {} or nil }
    state.facts[place] = facts
  end
  return facts
end
