#!lua
--[[
forget_consumers: remove the consumers of a source's stream that are silent and hold nothing. Why
one script: a consumer that read between the look and the removal would lose what it read.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  source              string  whose stream
ARGV[2]  silent_ms           int     how long a consumer that may go has asked for nothing
ARGV[3]  kept                string  a consumer that stays
OUTCOME  DONE                how many were removed; a stream without the group has none
COST     consumers
]]
--- @include key
local stream = key('in:', ARGV[1])
local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, 'sellable')
local removed = 0
for _, pairs_of in ipairs(consumers.err and {} or consumers) do
  local consumer = {}
  for at = 1, #pairs_of, 2 do
    consumer[pairs_of[at]] = pairs_of[at + 1]
  end
  if consumer.pending == 0 and consumer.idle >= tonumber(ARGV[2]) and consumer.name ~= ARGV[3] then
    redis.call('XGROUP', 'DELCONSUMER', stream, 'sellable', consumer.name)
    removed = removed + 1
  end
end
return { 'DONE', cmsgpack.pack(removed) }
