#!lua
--[[
sync_rows: one step of applying the rows of a full count that is committed; the last one writes the
floor. A row that is applied leaves the staged ones in the same script, so each is counted once.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  location            string  what is counted
ARGV[5]  work_max            int     when to stop
OUTCOME  DONE                the state of the count: ROWS if there is more to do, else what comes next
COST     rows x markets of the location, at most work_max
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due later store_later settle_shortages adopt_rules base_of
--- @include create_position follows_base facts_of kept_facts forget_facts compare_facts apply_count
--- @include look_at sync_of apply_counted is_older raise_floor staged_row whole_second silence
--- @include show_next note_seen note_feed reply write_all
local location, work_max = ARGV[4], tonumber(ARGV[5])
local now, retention_ms = clock(ARGV[1]), tonumber(ARGV[3])
local name, rows = key('sync:', location), key('syncrows:', location)
local sync = sync_of(location)
if sync.state ~= 'ROWS' then
  return reply('DONE', sync.state or '')
end
local place = location_of(location)
local markets, observe_us = place and #place.markets or 0, tonumber(sync.observe_us)
local scanned = redis.call('HSCAN', rows, sync.cursor, 'COUNT', 60)
local cursor, found = scanned[1], scanned[2]
local counts, gone, refused, work = { applied = 0, unchanged = 0, stale = 0 }, {}, {}, 0
local became = { APPLIED = 'applied', UNCHANGED = 'unchanged', DUPLICATE = 'unchanged', STALE = 'stale' }
for at = 1, #found, 2 do
  local sku, quantity, count = found[at], staged_row(found[at + 1])
  if quantity then
    local outcome = work < work_max and apply_counted(sync, location, sku, quantity, now, retention_ms)
    if not outcome then
      cursor = sync.cursor
      break
    elseif outcome == 'REJECTED' then
      refused[sku] = count
      counts.rejected, counts.duplicate = (counts.rejected or 0) + count, (counts.duplicate or 0) + 1 - count
    else
      gone[#gone + 1] = sku
      counts[became[outcome]] = counts[became[outcome]] + 1
    end
    work = work + (outcome == 'APPLIED' and 20 + markets / 5 or 8)
  end
end
settle_shortages(now, retention_ms)
if place then
  note_seen({ [location] = observe_us }, now)
end
note_feed(sync.source, counts, observe_us, { [location] = observe_us }, now)
-- Apply.
flush_all(now)
write_all()
local rejected_skus = cmsgpack.unpack(sync.rejected_skus)
for sku, count in pairs(refused) do
  redis.call('HSET', rows, sku, 'x' .. count)
  redis.call('HINCRBY', name, 'refused', 1)
  rejected_skus[#rejected_skus + 1] = #rejected_skus < 100 and sku or nil
end
if #gone > 0 then
  redis.call('HDEL', rows, unpack(gone))
end
for outcome, count in pairs(counts) do
  redis.call('HINCRBY', name, outcome == 'duplicate' and 'merged' or outcome, count)
end
local whole = cursor == '0' and redis.call('HLEN', rows) == tonumber(redis.call('HGET', name, 'refused'))
redis.call('HSET', name, 'state', whole and 'REST' or 'ROWS', 'cursor', cursor, 'touched_ms', now, 'rejected_skus',
  cmsgpack.pack(rejected_skus))
if whole then
  raise_floor(sync, location)
end
return reply('DONE', whole and 'REST' or 'ROWS')
