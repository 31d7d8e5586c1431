#!lua
--[[
purge: forget closed reservations past their retention, daily capacities of days that are over, and the longest
silent of too many sources.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  feeds_max           int     how many sources are known at most
OUTCOME  DONE                how many reservations were forgotten; fewer than 100 means nothing more is due
COST     at most 100 reservations, 100 days and 100 sources
]]
--- @include key clock append_ledger reply
local now = clock(ARGV[1])
local due = redis.call('ZRANGEBYSCORE', key('c', ''), '-inf', now, 'LIMIT', 0, 100)
for _, id in ipairs(due) do
  local reservation = cmsgpack.unpack(redis.call('GET', key('r:', id)))
  redis.call('DEL', key('r:', id))
  redis.call('ZREM', key('i:s:', reservation.state), id)
  if reservation.order_reference ~= '' then
    redis.call('ZREM', key('i:o:', reservation.order_reference), id)
  end
  redis.call('ZREM', key('c', ''), id)
  if reservation.ship_by_ms then
    redis.call('UNLINK', key('s:', id))
  end
end
local days = redis.call('ZRANGEBYSCORE', key('days', ''), '-inf', now, 'LIMIT', 0, 100)
for _, sku in ipairs(days) do
  if redis.call('EXISTS', key('i:k:', sku)) == 1 then
    -- An order that is late still holds it.
    redis.call('ZADD', key('days', ''), now + 86400000, sku)
  else
    redis.call('UNLINK', key('k:', sku))
    redis.call('ZREM', key('days', ''), sku)
  end
end
local kept = {}
local surplus = redis.call('ZCARD', key('feeds', '')) - tonumber(ARGV[4])
for _, source in ipairs(surplus > 0 and redis.call('ZRANGE', key('feeds', ''), 0, math.min(surplus, 100) - 1) or {}) do
  -- What waits of a source, or was refused, keeps it known.
  if redis.call('XLEN', key('in:', source)) + redis.call('XLEN', key('dead:', source)) == 0 then
    redis.call('ZREM', key('feeds', ''), source)
    redis.call('UNLINK', key('feed:', source), key('begun:', source), key('in:', source), key('dead:', source),
      key('tried:', source))
  else
    kept[#kept + 1] = now
    kept[#kept + 1] = source
  end
end
if #kept == 200 then
  -- They would hide those behind them for ever.
  redis.call('ZADD', key('feeds', ''), unpack(kept))
end
return reply('DONE', #days == 100 and 100 or #due)
