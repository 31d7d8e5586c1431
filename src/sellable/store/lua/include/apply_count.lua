-- An absolute count of on hand, reserved units included. It becomes the base if it is the greatest
-- by (observe time, sequence, event id, source), and what was observed after it is applied on top:
-- so a late count never undoes a later fact, whatever the order of arrival.
local function apply_count(state, fact, now, retention_ms)
  local location = fact.location
  local base = base_of(state, location)
  local mine = { fact.observe_us, fact.sequence, fact.event_id, fact.source }
  local newer = false
  for at = 1, 4 do
    if mine[at] ~= base[at + 1] then
      newer = mine[at] > base[at + 1]
      break
    elseif at == 4 then
      return 'DUPLICATE'
    end
  end
  if not newer then
    return 'STALE'
  end
  local name = location .. ':' .. state.sku
  local on_hand = fact.quantity
  local next_base = { fact.quantity, fact.observe_us, fact.sequence, fact.event_id, fact.source, 0 }
  local ids = redis.call('ZRANGEBYSCORE', key('d:', name), '-inf', '+inf', 'WITHSCORES')
  local known = {}
  -- One observed at the time of the count stays: to a greater count of that time, by another
  -- source, it may be news.
  for first = 1, #ids, 1000 do
    local page, times = {}, {}
    for at = first, math.min(first + 999, #ids), 2 do
      page[#page + 1], times[#times + 1] = ids[at], tonumber(ids[at + 1])
    end
    for at, packed in ipairs(redis.call('HMGET', key('f:', name), unpack(page))) do
      local quantity, sequence = cmsgpack.unpack(packed)
      if follows_base(next_base, times[at], string.match(page[at], '^(.-)%z'), sequence) then
        on_hand = on_hand + quantity
      elseif times[at] < fact.observe_us then
        known[#known + 1] = page[at]
      end
    end
  end
  if math.abs(on_hand) > 1e12 then
    return 'REJECTED'
  end
  for first = 1, #known, 1000 do
    local last = math.min(first + 999, #known)
    redis.call('ZREM', key('d:', name), unpack(known, first, last))
    redis.call('HDEL', key('f:', name), unpack(known, first, last))
  end
  redis.call('HSET', state.key, 'b:' .. location, cmsgpack.pack(unpack(next_base)))
  local position = position_of(state, location)
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
