#!lua
--[[
sync_rest: one step of the walk over a location whose full count has applied its rows: positions that
no row named, and whose own base is older, are counted as 0. The last step makes the count DONE.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  location            string  what is counted
ARGV[5]  work_max            int     when to stop
OUTCOME  DONE                the state of the count: REST if there is more to do; its id and source; what became
                             of it (sync_result)
COST     positions, and markets of the location for each that becomes 0, at most work_max
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due later store_later settle_shortages adopt_rules base_of
--- @include create_position follows_base facts_of kept_facts forget_facts compare_facts apply_count
--- @include look_at sync_of apply_counted is_older sync_result reply write_all
local location, work_max = ARGV[4], tonumber(ARGV[5])
local now, retention_ms = clock(ARGV[1]), tonumber(ARGV[3])
local name, rows = key('sync:', location), key('syncrows:', location)
local sync = sync_of(location)
if sync.state ~= 'REST' then
  return reply('DONE', { sync.state or '', sync.sync_id or '', sync.source or '', sync_result(sync) })
end
local place = location_of(location)
local markets = place and #place.markets or 0
-- An engine that was started again, or took over, has its sets in another order: the walk begins anew there.
local engine = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local begin = sync.engine == engine and sync.cursor or '0'
local scanned = redis.call('SSCAN', key('l:', location), begin, 'COUNT', 50)
local cursor, skus = scanned[1], scanned[2]
local refused = #skus > 0 and redis.call('HMGET', rows, unpack(skus)) or {}
local zeroed, work, stopped = 0, 0, false
for at, sku in ipairs(skus) do
  local packed = redis.call('HGET', key('k:', sku), 'b:' .. location)
  if not refused[at] and is_older(packed and { cmsgpack.unpack(packed) }, sync) then
    local position = position_of(look_at(sku, location), location)
    local outcome = work < work_max and apply_counted(sync, location, sku, 0, now, retention_ms)
    if not outcome then
      cursor, stopped = begin, true
      break
    elseif outcome == 'APPLIED' then
      zeroed = zeroed + (position and position[1] > 0 and 1 or 0)
    end
    work = work + (outcome == 'APPLIED' and 20 + markets / 5 or 8)
  end
end
settle_shortages(now, retention_ms)
-- Apply.
flush_all(now)
write_all()
sync.zeroed = redis.call('HINCRBY', name, 'zeroed', zeroed)
redis.call('HSET', name, 'cursor', cursor, 'engine', engine, 'touched_ms', now)
if cursor ~= '0' or stopped then
  return reply('DONE', { 'REST', sync.sync_id, sync.source, sync_result(sync) })
end
redis.call('HSET', name, 'state', 'DONE')
redis.call('UNLINK', rows)
redis.call('SREM', key('applying', ''), location)
redis.call('PEXPIRE', name, retention_ms)
return reply('DONE', { 'DONE', sync.sync_id, sync.source, sync_result(sync) })
