#!lua
--[[
confirm: the order is placed, the units no longer expire. A late confirm of an expired hold takes
them again if they are there. A hold that an overcommitted position owes units moves them to where
the market has stock; what is nowhere stays bound, and short. Where days are limited, a planned one
goes only to where one is its own.
Why one script: expiry and confirm at the same instant must have one winner.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations are kept
ARGV[4]  request             msgpack reservation_id, order_reference, allocations_max
OUTCOME  DONE                the reservation
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  OTHER_ORDER         the order reference that it has
OUTCOME  CLOSED              its state
OUTCOME  EXPIRED             nothing
OUTCOME  STALE               SKUs to refresh before another try
OUTCOME  MORE_DUE            SKUs with more expired holds to give back before another try
COST     lines x locations of the market at the worst
]]
--- @include key clock append_ledger owed reply plain_confirm
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local packed = redis.call('GET', key('r:', request.reservation_id))
local answer = packed and plain_confirm(request, packed, now)
if answer then
  return answer
end
--- @include location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record load_supplies flush_supplies
--- @include note_number show_at_once show_numbers flush_sku quota_of flush_numbers note_rebased
--- @include flush_all holdings load_reservation store_reservation count_quotas unbind give_back settle
--- @include expire_due network_due prepare_skus bind sells_from free_at take shortages mark_short
--- @include finish quota_left future_of promised_at capacity_left take_capacity may_come_to
--- @include retake_capacities use_capacity settle_capacities retake rebind_short

-- Decide.
local reservation = load_reservation(request.reservation_id)
if not reservation then
  return reply('UNKNOWN_RESERVATION', {})
end
if settle(reservation, now) then
  flush_all(now)
  store_reservation(reservation, now, retention_ms)
end
local reference = reservation.order_reference
local names_order = request.order_reference ~= '' and request.order_reference ~= reference
local placed = reservation.confirm_ms > 0 or reservation.state == 'FULFILLED'
if names_order and placed and reference ~= '' then
  return reply('OTHER_ORDER', reference)
end
if reservation.state == 'RELEASED' then
  return reply('CLOSED', reservation.state)
end
if reservation.state ~= 'HELD' and reservation.state ~= 'EXPIRED' and not names_order then
  mark_short(reservation)
  return reply('DONE', reservation)
end
if reservation.state == 'EXPIRED' then
  local refusal, detail = retake(reservation, request.allocations_max, now, retention_ms)
  if refusal then
    return reply(refusal, detail)
  end
elseif reservation.state == 'HELD' then
  local stale = rebind_short(reservation, request.allocations_max, now, retention_ms)
  if stale then
    return reply('STALE', stale)
  end
  settle_capacities(reservation)
end

-- Apply.
if names_order then
  if reference ~= '' then
    redis.call('ZREM', key('i:o:', reference), reservation.reservation_id)
  end
  reservation.order_reference = request.order_reference
  redis.call('ZADD', key('i:o:', request.order_reference), reservation.number, reservation.reservation_id)
end
if reservation.state == 'HELD' or reservation.state == 'EXPIRED' then
  reservation.state = 'CONFIRMED'
  reservation.confirm_ms = now
  reservation.expire_ms = 0
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 then
        record(load_sku(line.sku), 'CONFIRMED', allocation.location, allocation.open, reservation.reservation_id)
      end
    end
  end
end
return finish('DONE', reservation, now, retention_ms)
