-- The numbers of a SKU that changed, for the ledger: market and number, noted to be written.
local function show_numbers(state)
  local changed = state.lost or {}
  for at = 1, #changed, 2 do
    redis.call('HDEL', key('v:', changed[at]), state.sku)
  end
  local changes = state.changes or {}
  local markets, change = next(changes)
  if markets and not (next(changes, markets) or next(state.touched) or state.overrides or state.rewrite) then
    show_at_once(state, markets, change, changed)
  else
    for those, by in pairs(changes) do
      add_to_markets(state, those, by[1], by[2])
    end
    for at in pairs(state.touched) do
      note_number(state, at, sellable_now(state, at), changed)
    end
  end
  state.changes = state.changes and {}
  return changed
end
