-- Goods of a supply arrived: on hand rises as by a delta, and of those that somebody waits for as many are
-- kept: they count as reserved at the location until settle_supply has moved the lines that wait. The event
-- id is kept with the supply, so that a repeat is known also when a count has taken the delta in.
local function apply_receipt(state, fact, supplies_max, now, retention_ms)
  local place = fact.location .. '+' .. fact.supply_id
  local id = fact.source .. '\0' .. fact.event_id
  local supply = find_supply(state, place, supplies_max, now, retention_ms)
  local facts = facts_of(state, place)
  if knows_fact(facts, id) then
    return 'DUPLICATE'
  end
  if not supply then
    return 'REJECTED', 'INVALID_FIELD', 'supply_id is one too many: a SKU has at most ' .. supplies_max
  elseif supply.received + fact.quantity > 1e12 then
    return 'REJECTED', 'INVALID_FIELD', 'more than 10^12 units would have arrived of this supply'
  end
  local detail
  if fact.quantity > 0 then
    local outcome = apply_delta(state, fact.location, fact, now, retention_ms)
    if outcome == 'DUPLICATE' or outcome == 'REJECTED' then
      return outcome
    elseif outcome == 'APPLIED' then
      record(state, 'ON_HAND', fact.location, fact.quantity, nil, fact.source)
    else
      detail = 'a later count knew of the goods: they count as arrived, and on hand stays'
    end
  end
  load_supplies(state)[place] = supply
  forget_old(state, facts, now, retention_ms)
  keep_fact(state, facts, id, fact.observe_us, fact.quantity, fact.sequence)
  local position = position_of(state, place) or { 0, 0 }
  local stock = position_of(state, fact.location) or create_position(state, fact.location)
  local kept = math.min(fact.quantity, position[2] - supply.pool)
  supply.heard_us = math.max(supply.heard_us, fact.observe_us)
  supply.received = supply.received + fact.quantity
  supply.final = supply.final or fact.final
  supply.pool = supply.pool + kept
  local on_hand = outstanding(supply) + supply.pool
  set_position(state, place, on_hand, position[2], 0, 0)
  record(state, 'EXPECTED', place, on_hand - position[1], nil, fact.source)
  if kept > 0 then
    set_position(state, fact.location, stock[1], stock[2] + kept, stock[3], stock[4])
    record(state, 'KEPT', fact.location, kept)
  end
  return 'APPLIED', nil, detail
end
