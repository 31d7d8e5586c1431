#!lua
--[[
list_positions: every position of a SKU, after giving back what holds past their time took.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  sku                 string  the SKU
OUTCOME  DONE                for each position: location, on hand, reserved, safety stock, available,
                             overcommitted, blocked, observe time of the base in microseconds, source
OUTCOME  UNKNOWN_SKU         nothing
OUTCOME  STALE               the SKU: to refresh before another try
OUTCOME  MORE_DUE            the SKU: more expired holds to give back before another try
COST     positions of the SKU
]]
--- @include key clock location_of load_sku units position_of find_market add_supply set_position
--- @include sellable_now record append_ledger flush_sku flush_all holdings load_reservation
--- @include store_reservation give_back settle expire_due reply
local now = clock(ARGV[1])
local state = load_sku(ARGV[4])
if not state.epoch and not state.item then
  return reply('UNKNOWN_SKU', {})
end
if state.epoch and state.epoch < tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0) then
  return reply('STALE', { state.sku })
end
expire_due(state, now, tonumber(ARGV[3]))
flush_all(now)
if next(more_due) then
  return reply('MORE_DUE', { state.sku })
end
local raw = redis.call('HGETALL', state.key)
local fields, positions = {}, {}
for at = 1, #raw, 2 do
  fields[raw[at]] = raw[at + 1]
end
for name, packed in pairs(fields) do
  if not string.find(name, ':', 1, true) then
    local on_hand, reserved, safety, blocked = cmsgpack.unpack(packed)
    local available, overcommitted = units(on_hand, reserved, safety, blocked)
    local place = location_of(name)
    local base = fields['b:' .. name] and { cmsgpack.unpack(fields['b:' .. name]) } or { 0, 0, 0, '', '' }
    positions[#positions + 1] = { name, on_hand, reserved, safety, place and place.enabled and available or 0,
      overcommitted, blocked == 1, base[2], base[5] }
  end
end
return reply('DONE', positions)
