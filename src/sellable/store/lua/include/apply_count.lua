-- An absolute count of on hand, reserved units included (of the kind `net`: without them, so that those of
-- this moment are added). It becomes the base if it is the greatest
-- by (observe time, sequence, event id, source), and what was observed after it is applied on top:
-- so a late count never undoes a later fact, whatever the order of arrival.
local function apply_count(state, fact)
  local location = fact.location
  local base = base_of(state, location)
  local position = position_of(state, location)
  local order = compare_facts(fact, base)
  if order < 0 then
    if not position then
      create_position(state, location)
    end
    return 'STALE'
  elseif order == 0 then
    return 'DUPLICATE'
  end
  local quantity = fact.quantity + (fact.kind == 'net' and position and position[2] or 0)
  local next_base = { quantity, fact.observe_us, fact.sequence, fact.event_id, fact.source, 0, 0 }
  local on_hand = quantity
  local facts = base[7] ~= 0 and facts_of(state, location)
  local known = {}
  -- One observed at the time of the count stays: to a greater count of that time, by another
  -- source, it may be news.
  for id, told in pairs(facts and kept_facts(facts) or known) do
    if follows_base(next_base, told[1], string.match(id, '^(.-)%z'), told[3]) then
      on_hand = on_hand + told[2]
      next_base[7] = 1
    elseif told[1] < fact.observe_us then
      known[#known + 1] = id
    else
      next_base[7] = 1
    end
  end
  if math.abs(on_hand) > 1e12 then
    return 'REJECTED'
  end
  if #known > 0 then
    forget_facts(state, facts, known)
  end
  state.bases[location] = next_base
  state.based[location] = true
  local created = not position
  position = position or create_position(state, location)
  local change = on_hand - position[1]
  if change == 0 and not created then
    return 'UNCHANGED'
  end
  set_position(state, location, on_hand, position[2], position[3], position[4])
  record(state, 'ON_HAND', location, change, nil, fact.source)
  return 'APPLIED'
end
