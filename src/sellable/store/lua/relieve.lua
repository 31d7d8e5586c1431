#!lua
--[[
relieve: note that nobody need decide about an order for some causes any more.
Why one script: a cause that is noted beside it stays noted.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  reservation_id      string
ARGV[4]  causes              msgpack those that are over
OUTCOME  DONE                how many of them were noted
COST     constant
]]
--- @include key clock append_ledger reply
local now, id = clock(ARGV[1]), ARGV[3]
local name, count, left = key('s:', id), 0, false
for _, cause in ipairs(cmsgpack.unpack(ARGV[4])) do
  if redis.call('HDEL', name, 'escalated:' .. cause) == 1 then
    count = count + 1
    append_ledger({ 'RELIEVED', '', '', 0, id, cause }, now, {})
  end
end
for _, field in ipairs(redis.call('HKEYS', name)) do
  left = left or string.sub(field, 1, 10) == 'escalated:'
end
if not left then
  redis.call('ZREM', key('escalated', ''), id)
end
return reply('DONE', count)
