-- A reservation that is not due, owed nothing and waits for nothing is answered as it is stored; nil for others.
-- A place to wait has a plus in its name; one anywhere else only takes the general way for nothing.
local function plain_replay(packed, id, now)
  local expire_ms = redis.call('ZSCORE', key('x', ''), id)
  if (expire_ms and tonumber(expire_ms) <= now) or string.find(packed, '+', 1, true) then
    return nil
  end
  if redis.call('EXISTS', key('o', '')) == 1 and owed(cmsgpack.unpack(packed)) then
    return nil
  end
  return reply('REPLAYED', nil, packed)
end
