#!lua
--[[
transfer: move the binding of units to other locations of the market, all moves or none.
It respects what is available at the target, not the market's buffer.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack reservation_id, request_id, fingerprint, parts, requests_max
OUTCOME  DONE                the reservation
OUTCOME  REPLAYED            the reservation as it is now, with its request ids
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  UNKNOWN_LOCATION    its name
OUTCOME  LOCATION_NOT_IN_MARKET  its name, the market
OUTCOME  EXPIRED             nothing
OUTCOME  CLOSED              its state
OUTCOME  INVALID             field path and what is allowed
OUTCOME  SHORT               index of the move from 0 and what its target has, repeated
OUTCOME  STALE               SKUs to refresh before another try
OUTCOME  MORE_DUE            SKUs with more expired holds to give back before another try
COST     moves and the markets of their locations
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due network_due prepare_skus sells_from free_at take adopt_rules
--- @include base_of create_position follows_base facts_of knows_fact keep_fact forget_facts forget_old
--- @include apply_delta lower_on_hand find_parts check_targets check_moves shortages mark_short reply
--- @include finish use_capacity settle_capacities
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])

-- Decide.
local reservation = load_reservation(request.reservation_id)
if not reservation then
  return reply('UNKNOWN_RESERVATION', {})
end
if settle(reservation, now) then
  flush_all(now)
  store_reservation(reservation, now, retention_ms)
end
if reservation.requests[request.request_id] then
  mark_short(reservation)
  return reply('REPLAYED', reservation)
end
local refusal, detail = check_targets(reservation.market, request.parts)
if refusal then
  return reply(refusal, detail)
end
if reservation.state == 'EXPIRED' then
  return reply('EXPIRED', {})
end
if reservation.state ~= 'HELD' and reservation.state ~= 'CONFIRMED' then
  return reply('CLOSED', reservation.state)
end
if reservation.request_count >= request.requests_max then
  return reply('INVALID', { 'request_id', 'is one too many: a reservation takes at most ' .. request.requests_max })
end
local parts
parts, refusal, detail = check_moves(reservation, request, now, retention_ms)
if not parts then
  return reply(refusal, detail)
end

-- Apply.
for at, part in ipairs(parts) do
  local state = load_sku(part.line.sku)
  part.allocation.open = part.allocation.open - part.quantity
  unbind(state, part.allocation.location, part.quantity)
  record(state, 'TRANSFERRED', part.allocation.location, -part.quantity, request.reservation_id)
  take(reservation, part.line, part.part.to_location, part.quantity, 'TRANSFERRED')
  if part.part.refusal == 'NOT_FOUND' or part.part.refusal == 'DAMAGED' then
    local event_id = table.concat({ reservation.number, request.request_id, at }, '\0')
    lower_on_hand(state, part.allocation.location, part.quantity, event_id, request.reservation_id, now, retention_ms)
  end
end
settle_capacities(reservation)
reservation.requests[request.request_id] = request.fingerprint
reservation.request_count = reservation.request_count + 1
return finish('DONE', reservation, now, retention_ms)
