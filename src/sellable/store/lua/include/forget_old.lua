-- Forgets deltas and shipments past their retention, once a script and place, at most 200 of them. Returns those
-- as kept_facts does.
local function forget_old(state, facts, now, retention_ms)
  local old = {}
  if facts.all or facts.swept then
    return old
  end
  facts.swept = true
  local ids = redis.call('ZRANGEBYSCORE', facts.times, '-inf', (now - retention_ms) * 1000 - 1, 'LIMIT', 0, 200)
  if #ids > 0 then
    local times = redis.call('ZMSCORE', facts.times, unpack(ids))
    for at, packed in ipairs(redis.call('HMGET', facts.ids, unpack(ids))) do
      old[ids[at]] = { tonumber(times[at]), cmsgpack.unpack(packed) }
    end
    forget_facts(state, facts, ids)
  end
  return old
end
