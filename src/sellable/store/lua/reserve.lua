#!lua
--[[
reserve: hold the units of every line of one request, or of none; what there is, if it says so.
Why one script: check and hold must not interleave with another request.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations are kept
ARGV[4]  request             msgpack reservation_id, market, lines, ttl_ms, order_reference, allow_partial,
                                     replaces_reservation_id, fingerprint, allocations_max
OUTCOME  HELD                the reservation
OUTCOME  REPLAYED            the reservation as it is now, with the fingerprint of its request
OUTCOME  UNKNOWN_MARKET      nothing
OUTCOME  UNKNOWN_LOCATION    its name
OUTCOME  UNKNOWN_SKU         its name
OUTCOME  UNKNOWN_RESERVATION the one to be replaced
OUTCOME  OTHER_MARKET        of the one to be replaced
OUTCOME  LOCATION_NOT_IN_MARKET  its name
OUTCOME  CLOSED              state of the one to be replaced
OUTCOME  SHORT               line index from 0 and what it could have had, repeated
OUTCOME  STALE               SKUs to refresh before another try
OUTCOME  MORE_DUE            SKUs with more expired holds to give back before another try
COST     lines x (locations walked + markets of the locations taken from), at most 100 lines
]]
--- @include key clock location_of share_of units find_market market_at add_to_markets sellable_now
--- @include append_ledger note_number show_at_once flush_numbers plain_sku plain_parts write_parts plain_reserve owed
--- @include reply plain_replay
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local packed = redis.call('GET', key('r:', request.reservation_id))
local answer = packed and plain_replay(packed, request.reservation_id, now)
if not packed then
  answer = plain_reserve(request, now)
end
if answer then
  return answer
end
--- @include new_sku load_sku position_of add_supply set_position record load_supplies flush_supplies
--- @include show_numbers flush_sku quota_of note_rebased flush_all holdings load_reservation
--- @include store_reservation count_quotas unbind give_back settle expire_due network_due prepare_skus bind
--- @include sells_from free_at take shortages mark_short finish check_request replace_hold quota_left
--- @include future_of number_with place_future place_lines

-- Decide.
local known = load_reservation(request.reservation_id)
if known then
  if settle(known, now) then
    return finish('REPLAYED', known, now, retention_ms)
  end
  mark_short(known)
  return reply('REPLAYED', known)
end
local refusal, detail = check_request(request)
if refusal then
  return reply(refusal, detail)
end
local stale = prepare_skus(request.lines, request.market, now, retention_ms)
local replaced, closed = replace_hold(request.replaces_reservation_id, now)
if closed then
  return reply('CLOSED', closed)
end
if stale then
  return reply('STALE', stale)
end
local placed, short = place_lines(request)
if #short > 0 and next(more_due) then
  return reply('MORE_DUE', { (next(more_due)) })
end
if #short > 0 and not (request.allow_partial and placed.total > 0) then
  return reply('SHORT', short)
end

-- Apply.
local reservation = {
  reservation_id = request.reservation_id, market = request.market, state = 'HELD',
  order_reference = request.order_reference, create_ms = now, expire_ms = now + request.ttl_ms,
  confirm_ms = 0, number = redis.call('INCR', key('number', '')), lines = {},
  fingerprint = request.fingerprint, requests = {}, request_count = 0,
}
for at, line in ipairs(request.lines) do
  local held = { line_id = line.line_id, sku = line.sku, requested = line.quantity, granted = 0,
    location = line.location, allocations = {}, quotas = line.quotas }
  for _, part in ipairs(placed[at]) do
    held.granted = held.granted + part.quantity
    take(reservation, held, part.location, part.quantity, 'HELD')
  end
  reservation.lines[at] = held
end
if replaced then
  store_reservation(replaced, now, retention_ms)
end
if reservation.order_reference ~= '' then
  redis.call('ZADD', key('i:o:', reservation.order_reference), reservation.number, reservation.reservation_id)
end
return finish('HELD', reservation, now, retention_ms)
