-- When numbers may next change by themselves: at the next switch, or when a feed has been silent for
-- another period; 2^53 - 1 where nothing is planned.
local function next_change()
  local raw = redis.call('HMGET', KEYS[1], 'times', 'slice')
  local times = raw[1] and cmsgpack.unpack(raw[1]) or {}
  local aging = redis.call('ZRANGE', key('aging', ''), 0, 0, 'WITHSCORES')
  return math.min(times[tonumber(raw[2] or 0) + 1] or 9007199254740991, tonumber(aging[2] or 9007199254740991))
end
