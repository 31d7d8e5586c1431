-- Whether the network has to be switched before any number may be told: a dated change has come, or
-- a feed has been silent for another period.
local function network_due(now)
  local next_ms = redis.call('HGET', KEYS[1], 'next_ms')
  return next_ms and now >= tonumber(next_ms)
end
