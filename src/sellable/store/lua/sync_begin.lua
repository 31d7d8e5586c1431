#!lua
--[[
sync_begin: begin a full count of a location, or go on with one.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack location, source, sync_id, token, observe_us, net, duplicates, resume (keep the
                                     rows of this count), future_tolerance_ms, quiet_ms, staged_ms
OUTCOME  DONE                how many rows are staged
OUTCOME  REPLAYED            what became of this count, which was committed before (sync_result)
OUTCOME  CONFLICT            nothing: this count was committed with another time
OUTCOME  IN_PROGRESS         source and id of the count that goes on, 1 if it is being applied, ms since it went on
OUTCOME  UNKNOWN_LOCATION    nothing
OUTCOME  TOO_OLD             the oldest time allowed, in microseconds
OUTCOME  IN_FUTURE           the latest time allowed, in microseconds
COST     one key
]]
--- @include key clock append_ledger location_of sync_of sync_result reply
local request = cmsgpack.unpack(ARGV[4])
local now = clock(ARGV[1])
local sync = sync_of(request.location)
-- Decide.
local same = sync.source == request.source and sync.sync_id == request.sync_id
if same and sync.state == 'DONE' and tonumber(sync.observe_us) ~= request.observe_us then
  return reply('CONFLICT', {})
elseif same and sync.state == 'DONE' then
  return reply('REPLAYED', sync_result(sync))
end
if not location_of(request.location) then
  return reply('UNKNOWN_LOCATION', {})
end
local oldest_us, latest_us = (now - tonumber(ARGV[3])) * 1000, (now + request.future_tolerance_ms) * 1000
if request.observe_us < oldest_us then
  return reply('TOO_OLD', oldest_us)
elseif request.observe_us > latest_us then
  return reply('IN_FUTURE', latest_us)
end
local applying = sync.state == 'ROWS' or sync.state == 'REST'
local idle_ms = now - tonumber(sync.touched_ms or 0)
if applying or sync.state == 'OPEN' and not same and idle_ms < request.quiet_ms then
  return reply('IN_PROGRESS', { sync.source, sync.sync_id, applying and 1 or 0, idle_ms })
end
-- Apply.
local name, rows = key('sync:', request.location), key('syncrows:', request.location)
local kept = request.resume and same and sync.state == 'OPEN' and tonumber(sync.observe_us) == request.observe_us
  and sync.net == (request.net and '1' or '0') and sync.duplicates == request.duplicates
if not kept then
  redis.call('UNLINK', name, rows)
  redis.call('HSET', name, 'source', request.source, 'sync_id', request.sync_id, 'observe_us',
    string.format('%.0f', request.observe_us), 'net', request.net and 1 or 0, 'duplicates', request.duplicates,
    'state', 'OPEN', 'rows', 0, 'rejected', 0, 'merged', 0, 'refused', 0, 'rejected_skus', cmsgpack.pack({}))
end
redis.call('HSET', name, 'token', request.token, 'touched_ms', now)
redis.call('PEXPIRE', name, request.staged_ms)
redis.call('PEXPIRE', rows, request.staged_ms)
return reply('DONE', kept and tonumber(sync.rows) or 0)
