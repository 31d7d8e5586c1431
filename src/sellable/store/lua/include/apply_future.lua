-- Goods are on their way to a location: the latest (observe time, sequence, event id, source) of a supply
-- wins. The stock position at the location comes with it, so that its markets know the SKU.
local function apply_future(state, fact, supplies_max, now, retention_ms)
  local place = fact.location .. '+' .. fact.supply_id
  local supply = find_supply(state, place, supplies_max, now, retention_ms)
  if not supply then
    return 'REJECTED', 'INVALID_FIELD', 'supply_id is one too many: a SKU has at most ' .. supplies_max
  end
  for _, field in ipairs({ 'observe_us', 'sequence', 'event_id', 'source' }) do
    if fact[field] ~= supply[field] then
      if fact[field] < supply[field] then
        return 'STALE'
      end
      break
    elseif field == 'source' then
      return 'DUPLICATE'
    end
  end
  local changed = supply.observe_us == 0 or supply.quantity ~= fact.quantity or supply.expect_ms ~= fact.expect_ms
  load_supplies(state)[place] = supply
  if not position_of(state, fact.location) then
    create_position(state, fact.location)
  end
  for _, field in ipairs({ 'quantity', 'expect_ms', 'observe_us', 'sequence', 'event_id', 'source' }) do
    supply[field] = fact[field]
  end
  supply.heard_us = math.max(supply.heard_us, fact.observe_us)
  local old = position_of(state, place) or { 0, 0 }
  local on_hand = outstanding(supply) + supply.pool
  set_position(state, place, on_hand, old[2], 0, 0)
  if not changed then
    return 'UNCHANGED'
  end
  record(state, 'EXPECTED', place, on_hand - old[1], nil, fact.source)
  return 'APPLIED'
end
