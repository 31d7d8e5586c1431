-- Adds a signed quantity to on hand unless the base already knew it or the event was seen before.
-- The fact is kept beside the position, to re-apply it over late counts and to know a repeat; so is
-- one observed at the time of the base, which a greater count of that time may not know.
local function apply_delta(state, location, delta, now, retention_ms)
  local name = location .. ':' .. state.sku
  local times, facts = key('d:', name), key('f:', name)
  local id = delta.source .. '\0' .. delta.event_id
  if redis.call('HEXISTS', facts, id) == 1 then
    return 'DUPLICATE'
  end
  local base = base_of(state, location)
  if not follows_base(base, delta.observe_us, delta.source, delta.sequence) then
    if delta.observe_us == base[2] then
      redis.call('ZADD', times, delta.observe_us, id)
      redis.call('HSET', facts, id, cmsgpack.pack(delta.quantity, delta.sequence))
    end
    return 'STALE'
  end
  local position = position_of(state, location) or create_position(state, location)
  local on_hand = position[1] + delta.quantity
  if math.abs(on_hand) > 1e12 then
    return 'REJECTED'
  end
  local old = redis.call('ZRANGEBYSCORE', times, '-inf', (now - retention_ms) * 1000 - 1, 'LIMIT', 0, 100)
  if #old > 0 then
    local ages = redis.call('ZMSCORE', times, unpack(old))
    for at, packed in ipairs(redis.call('HMGET', facts, unpack(old))) do
      local quantity, sequence = cmsgpack.unpack(packed)
      if follows_base(base, tonumber(ages[at]), string.match(old[at], '^(.-)%z'), sequence) then
        base[6] = base[6] + quantity
      end
    end
    redis.call('HDEL', facts, unpack(old))
    redis.call('ZREM', times, unpack(old))
    redis.call('HSET', state.key, 'b:' .. location, cmsgpack.pack(unpack(base)))
  end
  redis.call('ZADD', times, delta.observe_us, id)
  redis.call('HSET', facts, id, cmsgpack.pack(delta.quantity, delta.sequence))
  set_position(state, location, on_hand, position[2], position[3], position[4])
  return 'APPLIED'
end
