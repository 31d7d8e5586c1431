-- Keeps a plan beside its reservation; whoever was asked about it before is not any more. Returns all that is
-- kept, raw.
local function keep_plan(reservation, request, refused, now)
  local id = reservation.reservation_id
  local name = key('s:', id)
  for _, field in ipairs(redis.call('HKEYS', name)) do
    if string.sub(field, 1, 10) == 'escalated:' then
      redis.call('HDEL', name, field)
      redis.call('ZREM', key('escalated', ''), id)
    end
  end
  redis.call('HSET', name, 'wanted', request.wanted, 'plan', request.plan, 'ship_by_ms', request.ship_by_ms)
  redis.call('HINCRBY', name, 'sourced', 1)
  if #refused > 0 then
    redis.call('HSET', name, 'refused', cmsgpack.pack(refused))
  end
  append_ledger({ 'SOURCED', '', '', 0, id, '' }, now, {})
  return redis.call('HGETALL', name)
end
