#!lua
--[[
extend: move the expiry of a hold to now + ttl.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations are kept
ARGV[4]  request             msgpack reservation_id, ttl_ms
OUTCOME  DONE                the reservation
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  EXPIRED             nothing
OUTCOME  CLOSED              its state
COST     lines of the reservation
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle shortages mark_short reply finish
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])

-- Decide.
local reservation = load_reservation(request.reservation_id)
if not reservation then
  return reply('UNKNOWN_RESERVATION', {})
end
if settle(reservation, now) then
  return finish('EXPIRED', reservation, now, retention_ms)
end
if reservation.state == 'EXPIRED' then
  return reply('EXPIRED', {})
end
if reservation.state ~= 'HELD' then
  return reply('CLOSED', reservation.state)
end

-- Apply.
reservation.expire_ms = now + request.ttl_ms
return finish('DONE', reservation, now, retention_ms)
