-- Adds a signed quantity to on hand unless the base already knew it or the event was seen before.
-- The fact is kept beside the position, to re-apply it over late counts and to know a repeat; so is
-- one observed at the time of the base, which a greater count of that time may not know.
local function apply_delta(state, location, delta, now, retention_ms)
  local base = base_of(state, location)
  local facts = facts_of(state, location, base[7] == 0)
  local id = delta.source .. '\0' .. delta.event_id
  if knows_fact(facts, id) then
    return 'DUPLICATE'
  end
  local position = position_of(state, location) or create_position(state, location)
  local follows = follows_base(base, delta.observe_us, delta.source, delta.sequence)
  local on_hand = position[1] + delta.quantity
  if follows and math.abs(on_hand) > 1e12 then
    return 'REJECTED'
  end
  if follows or delta.observe_us == base[2] then
    for old_id, old in pairs(follows and forget_old(state, facts, now, retention_ms) or {}) do
      if follows_base(base, old[1], string.match(old_id, '^(.-)%z'), old[3]) then
        base[6] = base[6] + old[2]
      end
      state.based[location] = true
    end
    keep_fact(state, facts, id, delta.observe_us, delta.quantity, delta.sequence)
    if base[7] == 0 then
      base[7] = 1
      state.based[location] = true
    end
  end
  if not follows then
    return 'STALE'
  end
  set_position(state, location, on_hand, position[2], position[3], position[4])
  return 'APPLIED'
end
