-- Notes when the silence of a location is to be looked at again; nil = never.
local function age_location(location, at_ms)
  if at_ms then
    redis.call('ZADD', key('aging', ''), at_ms, location)
  else
    redis.call('ZREM', key('aging', ''), location)
  end
end
