#!lua
--[[
escalate: note that a person must decide about an order, once for each cause until it is sourced anew.
Why one script: of any number of workers that find the same cause, one notes it.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack reservation_id, cause, detail, causes_max
OUTCOME  DONE                the reservation
OUTCOME  REPLAYED            the reservation: this cause was noted before, or as many others as are kept
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  CLOSED              its state
COST     lines, allocations and the markets of their locations
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle shortages mark_short reply finish
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local id = request.reservation_id

-- Decide.
local reservation = load_reservation(id)
if not reservation then
  return reply('UNKNOWN_RESERVATION', {})
end
if settle(reservation, now) then
  flush_all(now)
  store_reservation(reservation, now, retention_ms)
end
if reservation.state ~= 'HELD' and reservation.state ~= 'CONFIRMED' then
  return reply('CLOSED', reservation.state)
end
local noted = 0
for _, field in ipairs(redis.call('HKEYS', key('s:', id))) do
  if field == 'escalated:' .. request.cause then
    noted = request.causes_max
  end
  noted = noted + (string.sub(field, 1, 10) == 'escalated:' and 1 or 0)
end
if noted >= request.causes_max then
  mark_short(reservation)
  return reply('REPLAYED', reservation)
end

-- Apply.
reservation.ship_by_ms = reservation.ship_by_ms or 0
redis.call('HSET', key('s:', id), 'escalated:' .. request.cause, request.detail)
redis.call('ZADD', key('escalated', ''), 'NX', now, id)
append_ledger({ 'ESCALATED', '', '', 0, id, request.cause }, now, {})
return finish('DONE', reservation, now, retention_ms)
