#!lua
--[[
reserve_planned: hold exactly the planned units at the planned locations and the planned capacities, or nothing.
Why one script: check and hold must not interleave with another request.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations are kept
ARGV[4]  request             msgpack reservation_id, market, lines, ttl_ms, order_reference, fingerprint, units (line
                                     from 0, location, quantity), capacities (SKU, location, when it is
                                     forgotten), and what is kept: wanted, plan, ship_by_ms
OUTCOME  HELD                the reservation; after the ledger position what is kept beside it, raw
OUTCOME  REPLAYED            the reservation as it is now, and what is kept beside it
OUTCOME  UNKNOWN_MARKET      nothing
OUTCOME  UNKNOWN_SKU         its name
OUTCOME  LOST                kind, name, location and what there is, of whatever has less than planned
OUTCOME  STALE               SKUs to refresh before another try
OUTCOME  MORE_DUE            SKUs with more expired holds to give back before another try
COST     units x markets of their locations, at most 1,000 units
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due network_due prepare_skus sells_from free_at take shortages
--- @include mark_short reply finish quota_left capacity_left take_capacity check_planned check_numbers keep_plan
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local kept = key('s:', request.reservation_id)

-- Decide.
local known = load_reservation(request.reservation_id)
if known then
  if settle(known, now) then
    flush_all(now)
    store_reservation(known, now, retention_ms)
  end
  mark_short(known)
  local answer = reply('REPLAYED', known)
  answer[4] = redis.call('HGETALL', kept)
  return answer
end
if redis.call('HEXISTS', KEYS[1], 'm:' .. request.market) == 0 then
  return reply('UNKNOWN_MARKET', {})
end
local touched, wanted = {}, {}
for at, line in ipairs(request.lines) do
  local state = load_sku(line.sku)
  if not state.epoch and not state.item then
    return reply('UNKNOWN_SKU', line.sku)
  end
  touched[at], wanted[line.sku] = line, wanted[line.sku] or {}
end
for _, capacity in ipairs(request.capacities) do
  touched[#touched + 1] = { sku = capacity[1] }
end
local stale = prepare_skus(touched, request.market, now, retention_ms)
if stale then
  return reply('STALE', stale)
end
for _, part in ipairs(request.units) do
  local line = request.lines[part[1] + 1]
  line.granted = (line.granted or 0) + part[3]
  wanted[line.sku][part[2]] = (wanted[line.sku][part[2]] or 0) + part[3]
end
local short = check_planned(request.market, request, wanted, {})
check_numbers(request, short)
if #short > 0 then
  return reply(next(more_due) and 'MORE_DUE' or 'LOST', next(more_due) and { (next(more_due)) } or short)
end

-- Apply.
local reservation = {
  reservation_id = request.reservation_id, market = request.market, state = 'HELD',
  order_reference = request.order_reference, create_ms = now, expire_ms = now + request.ttl_ms,
  confirm_ms = 0, number = redis.call('INCR', key('number', '')), lines = {}, ship_by_ms = request.ship_by_ms,
  fingerprint = request.fingerprint, requests = {}, request_count = 0,
}
for at, line in ipairs(request.lines) do
  reservation.lines[at] = { line_id = line.line_id, sku = line.sku, requested = line.quantity,
    granted = line.granted or 0, location = line.location, allocations = {}, quotas = line.quotas }
end
for _, part in ipairs(request.units) do
  take(reservation, reservation.lines[part[1] + 1], part[2], part[3], 'HELD')
end
for _, capacity in ipairs(request.capacities) do
  take_capacity(reservation, capacity[1], capacity[2], capacity[3], 'HELD')
end
if reservation.order_reference ~= '' then
  redis.call('ZADD', key('i:o:', reservation.order_reference), reservation.number, reservation.reservation_id)
end
flush_all(now)
local all = keep_plan(reservation, request, {}, now)
local answer = finish('HELD', reservation, now, retention_ms)
answer[4] = all
return answer
