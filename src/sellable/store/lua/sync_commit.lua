#!lua
--[[
sync_commit: decide a full count: from here on it will be applied whatever happens, or it is dropped.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  location            string  what is counted
ARGV[4]  token               string  which call goes on with the count
ARGV[5]  row_count           int     how many rows it must have, else it is dropped; -1 drops it
OUTCOME  DONE                nothing
OUTCOME  WRONG_COUNT         how many rows it had
OUTCOME  GONE                id of the count that took this one's place, "" if there is none
COST     two keys
]]
--- @include key clock append_ledger sync_of later note_feed reply write_all
local location, row_count = ARGV[3], tonumber(ARGV[5])
local name, rows = key('sync:', location), key('syncrows:', location)
local sync = sync_of(location)
if sync.token ~= ARGV[4] then
  return reply('GONE', sync.sync_id or '')
elseif sync.state ~= 'OPEN' then
  return reply('DONE', {})
end
if row_count ~= tonumber(sync.rows) then
  redis.call('UNLINK', name, rows)
  return reply(row_count < 0 and 'DONE' or 'WRONG_COUNT', tonumber(sync.rows))
end
local now, counts = clock(ARGV[1]), {}
for outcome, field in pairs({ rejected = 'rejected', duplicate = 'merged' }) do
  counts[outcome] = sync[field] ~= '0' and tonumber(sync[field]) or nil
end
note_feed(sync.source, counts, 0, {}, now)
write_all()
redis.call('HSET', name, 'state', 'ROWS', 'cursor', 0, 'touched_ms', now)
redis.call('PERSIST', name)
redis.call('PERSIST', rows)
redis.call('SADD', key('applying', ''), location)
return reply('DONE', {})
