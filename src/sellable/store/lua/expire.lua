#!lua
--[[
expire: give back what holds past their time took: the oldest of the partition, or of one SKU.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  sku                 string  empty = any
OUTCOME  DONE                how many were expired, and 1 where more are due
COST     at most 40 reservations
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due reply
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local count = 0
if ARGV[4] ~= '' then
  count = expire_due(load_sku(ARGV[4]), now, retention_ms)
else
  local lines = 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('x', ''), '-inf', now, 'LIMIT', 0, 41)) do
    if count == 40 or lines >= 80 then
      more_due[id] = true
      break
    end
    local reservation = load_reservation(id)
    settle(reservation, now)
    store_reservation(reservation, now, retention_ms)
    count = count + 1
    for _, line in ipairs(reservation.lines) do
      lines = lines + #line.allocations
    end
  end
end
flush_all(now)
return reply('DONE', { count, next(more_due) and 1 or 0 })
