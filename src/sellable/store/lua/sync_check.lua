#!lua
--[[
sync_check: one step of the walk over a location before a full count of it is committed: how many
positions have stock, and how many of them the count would take to 0 because no row names them.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  location            string  what is counted
ARGV[4]  token               string  which call goes on with the count
ARGV[5]  cursor              string  where to go on; 0 = at the start
OUTCOME  DONE                where to go on, "0" at the end; positions with stock; those that would be 0
OUTCOME  GONE                id of the count that took this one's place, "" if there is none
COST     about 200 positions
]]
--- @include key clock append_ledger sync_of compare_facts is_older reply
local location = ARGV[3]
local sync = sync_of(location)
if sync.token ~= ARGV[4] or sync.state ~= 'OPEN' then
  return reply('GONE', sync.sync_id or '')
end
local scanned = redis.call('SSCAN', key('l:', location), ARGV[5], 'COUNT', 200)
local skus, stocked, zeroed = scanned[2], 0, 0
local named = #skus > 0 and redis.call('HMGET', key('syncrows:', location), unpack(skus)) or {}
for at, sku in ipairs(skus) do
  local raw = redis.call('HMGET', key('k:', sku), location, 'b:' .. location)
  if raw[1] and cmsgpack.unpack(raw[1]) > 0 then
    stocked = stocked + 1
    if not named[at] and is_older(raw[2] and { cmsgpack.unpack(raw[2]) }, sync) then
      zeroed = zeroed + 1
    end
  end
end
redis.call('HSET', key('sync:', location), 'touched_ms', clock(ARGV[1]))
return reply('DONE', { scanned[1], stocked, zeroed })
