#!lua
--[[
advance_rollout: note SKUs looked at, and a location whose SKUs all were. When none is pending,
every market is complete: its view is what it should be.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  location            string  walked to its end; empty = only count
ARGV[4]  epoch               int     the epoch in force when the walk of the location began
ARGV[5]  count               int     SKUs looked at since the last call
OUTCOME  DONE                how many locations are pending
COST     markets, once at the end
]]
--- @include key append_ledger reply
local done = redis.call('HINCRBY', key('rollout', ''), 'done', ARGV[5])
if ARGV[3] ~= '' then
  local pending = redis.call('ZSCORE', key('pending', ''), ARGV[3])
  if pending and tonumber(pending) <= tonumber(ARGV[4]) then
    redis.call('ZREM', key('pending', ''), ARGV[3])
  end
end
local left = redis.call('ZCARD', key('pending', ''))
if left == 0 then
  redis.call('UNLINK', key('rollout', ''))
  for _, market in ipairs(cmsgpack.unpack(redis.call('HGET', KEYS[1], 'markets'))) do
    local meta = redis.call('HGET', key('v:', market), '\1')
    redis.call('HSET', key('v:', market), '\1', '1' .. string.sub(meta, 2))
  end
end
return reply('DONE', left)
