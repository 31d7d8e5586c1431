#!lua
--[[
delete_sku: forget a SKU, every trace of it but the ledger. Refused while anything of it is held.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  sku                 string  the SKU
OUTCOME  DONE                1 deleted, 0 not known
OUTCOME  IN_USE              how many reservations hold it
OUTCOME  MORE_DUE            the SKU: more expired holds to give back before another try
COST     positions and markets of the SKU
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due reply
local sku = ARGV[4]
local now = clock(ARGV[1])
local state = load_sku(sku)
expire_due(state, now, tonumber(ARGV[3]))
flush_all(now)
if next(more_due) then
  return reply('MORE_DUE', { sku })
end
local held = redis.call('ZCARD', key('i:k:', sku))
if held > 0 then
  return reply('IN_USE', held)
end
if not state.epoch and not state.item then
  return reply('DONE', 0)
end
local changed = {}
for at = 1, #state.flat, 4 do
  redis.call('HDEL', key('v:', state.flat[at]), sku)
  changed[#changed + 1] = state.flat[at]
  changed[#changed + 1] = -1
end
for _, name in ipairs(redis.call('HKEYS', state.key)) do
  if not string.find(name, ':', 1, true) then
    redis.call('SREM', key('l:', name), sku)
    redis.call('ZREM', key('o', ''), name .. ':' .. sku)
    redis.call('UNLINK', key('d:', name .. ':' .. sku), key('f:', name .. ':' .. sku))
  end
end
redis.call('UNLINK', state.key, key('h:', sku), key('i:k:', sku))
note_rebased({ sku })
append_ledger({ 'DELETED', sku, '', 0, '', '' }, now, changed)
return reply('DONE', 1)
