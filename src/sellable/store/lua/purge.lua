#!lua
--[[
purge: forget closed reservations past their retention.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
OUTCOME  DONE                how many were forgotten; fewer than 100 means no more were due
COST     at most 100 reservations
]]
--- @include key clock append_ledger reply
local due = redis.call('ZRANGEBYSCORE', key('c', ''), '-inf', clock(ARGV[1]), 'LIMIT', 0, 100)
for _, id in ipairs(due) do
  local reservation = cmsgpack.unpack(redis.call('GET', key('r:', id)))
  redis.call('DEL', key('r:', id))
  redis.call('ZREM', key('i:s:', reservation.state), id)
  if reservation.order_reference ~= '' then
    redis.call('ZREM', key('i:o:', reservation.order_reference), id)
  end
  redis.call('ZREM', key('c', ''), id)
end
return reply('DONE', #due)
