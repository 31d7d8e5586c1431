#!lua
--[[
list_reservations: a page of one index, oldest first; the caller filters what the index does not.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  index               string  name of the index behind "i:", e.g. "s:HELD" or "k:SKU"
ARGV[5]  after               int     number of the last reservation seen; 0 = from the start
ARGV[6]  count               int     at most 100
OUTCOME  DONE                the reservations, each with its number
COST     at most 100 reservations
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle shortages mark_short reply
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local page = {}
local ids = redis.call('ZRANGEBYSCORE', key('i:', ARGV[4]), '(' .. ARGV[5], '+inf', 'LIMIT', 0, ARGV[6])
for at, id in ipairs(ids) do
  local reservation = load_reservation(id)
  page[at] = reservation
  if settle(reservation, now) then
    flush_all(now)
    store_reservation(reservation, now, retention_ms)
  end
  mark_short(reservation)
end
return reply('DONE', page)
