-- Safety stock or a recall of one position by fact: the latest (observe time, sequence, event id,
-- source) of each kind wins. A safety stock by
-- fact goes before every rule of the network; a position is recalled by a fact or by a rule.
local function apply_setting(state, fact)
  local field = (fact.kind == 'safety' and 's:' or 'x:') .. fact.location
  local packed = state.values[field] or redis.call('HGET', state.key, field)
  local old = packed and { cmsgpack.unpack(packed) } or { 0, 0, 0, '', '' }
  local order = compare_facts(fact, old)
  if order <= 0 then
    return order < 0 and 'STALE' or 'DUPLICATE'
  end
  local position = position_of(state, fact.location)
  local created = not position
  position = position or create_position(state, fact.location)
  state.values[field] = cmsgpack.pack(fact.quantity, fact.observe_us, fact.sequence, fact.event_id, fact.source)
  local safety = fact.kind == 'safety' and fact.quantity or position[3]
  local by_rule = position[4] - position[4] % 2
  local blocked = fact.kind == 'blocked' and fact.quantity + by_rule or position[4]
  if safety == position[3] and blocked == position[4] and not created then
    return 'UNCHANGED'
  end
  if fact.kind == 'safety' then
    record(state, 'SAFETY_STOCK', fact.location, safety - position[3], nil, fact.source)
  else
    record(state, 'BLOCKED', fact.location, fact.quantity, nil, fact.source)
  end
  set_position(state, fact.location, position[1], position[2], safety, blocked)
  return 'APPLIED'
end
