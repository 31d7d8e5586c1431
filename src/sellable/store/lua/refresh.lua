#!lua
--[[
refresh: recompute SKUs that are behind the network's epoch; those that are not cost one look.
Stops when the work of one script is done; the caller sends the rest again.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack work_max, skus
OUTCOME  DONE                how many of the SKUs were seen to, and the epoch they are at least at
OUTCOME  SWITCH_DUE          nothing: the network is to be switched first
COST     positions x markets of their locations, at most work_max beyond the last SKU
]]
--- @include key clock location_of new_sku share_of units find_market market_at add_to_markets
--- @include add_supply sellable_now record append_ledger load_supplies flush_supplies note_number
--- @include show_at_once show_numbers flush_sku quota_of flush_numbers note_rebased flush_all adopt_rules stored_fields
--- @include recompute network_due reply load_whole
local request = cmsgpack.unpack(ARGV[4])
local now = clock(ARGV[1])
if network_due(now) then
  return reply('SWITCH_DUE', {})
end
local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
local work, seen = 0, 0
for _, sku in ipairs(request.skus) do
  if tonumber(redis.call('HGET', key('k:', sku), ':e') or epoch) < epoch then
    local state = load_whole(sku)
    work = work + 4 + recompute(state)
  end
  work = work + 0.25
  seen = seen + 1
  if work > request.work_max then
    break
  end
end
flush_all(now)
return reply('DONE', { seen, epoch })
