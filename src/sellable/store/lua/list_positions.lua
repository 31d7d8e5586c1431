#!lua
--[[
list_positions: every position of a SKU, after giving back what holds past their time took.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  sku                 string  the SKU
OUTCOME  DONE                for each position: location, on hand, reserved, safety stock, available,
                             overcommitted, blocked, observe time of the base in microseconds, source, when
                             it is expected (0: it is there); a supply is named "<location>+<supply id>"
OUTCOME  UNKNOWN_SKU         nothing
OUTCOME  STALE               the SKU: to refresh before another try
OUTCOME  MORE_DUE            the SKU: more expired holds to give back before another try
COST     positions of the SKU
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due network_due reply
local now = clock(ARGV[1])
local state = load_sku(ARGV[4])
if not state.epoch and not state.item then
  return reply('UNKNOWN_SKU', {})
end
local behind = state.epoch and state.epoch < tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
if behind or network_due(now) then
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
local supplies = load_supplies(state)
for name, packed in pairs(fields) do
  if not string.find(name, ':', 1, true) then
    local on_hand, reserved, safety, blocked = cmsgpack.unpack(packed)
    local supply, place, sold = supplies[name], location_of(name), true
    local base = fields['b:' .. name] and { cmsgpack.unpack(fields['b:' .. name]) } or { 0, 0, 0, '', '' }
    if supply then
      local location = string.match(name, '^(.*)%+')
      place, sold = location_of(location), supply.expect_ms > now and position_of(state, location)[4] == 0
      base[2], base[5] = supply.observe_us, supply.source
    end
    local available, overcommitted = units(supply == nil and place or nil, on_hand, reserved, safety, blocked)
    positions[#positions + 1] = { name, on_hand, reserved, safety, place and place.enabled and sold and available or 0,
      overcommitted, blocked ~= 0, base[2], base[5], supply and supply.expect_ms or 0 }
  end
end
return reply('DONE', positions)
