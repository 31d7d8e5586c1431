#!lua
--[[
rebind_planned: move all open units of a reservation to where they are planned, and its capacities, or nothing.
Units that a location could not deliver leave it by the plan, or are released where no location can have them.
Why one script: the units must be bound somewhere, once, at every moment.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack reservation_id, request_id, fingerprint, seen, units and drops (line from 0,
                                     location, quantity), refusals (the same and the reason), capacities (SKU,
                                     location, when it is forgotten), requests_max, refused_max, and what is
                                     kept: wanted, plan, ship_by_ms
OUTCOME  DONE                the reservation; after the ledger position what is kept beside it, raw
OUTCOME  REPLAYED            the reservation as it is now, with its request ids, and what is kept beside it
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  EXPIRED             nothing
OUTCOME  CLOSED              its state
OUTCOME  INVALID             field path and what is allowed
OUTCOME  LOST                kind, name, location and what there is, of whatever has less than planned
OUTCOME  STALE               SKUs to refresh before another try
OUTCOME  MORE_DUE            SKUs with more expired holds to give back before another try
COST     units and the markets of their locations, at most 1,000 units
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due network_due prepare_skus sells_from free_at take adopt_rules
--- @include base_of create_position follows_base facts_of knows_fact keep_fact forget_facts forget_old
--- @include apply_delta lower_on_hand use_capacity settle_capacities close_if_empty shortages mark_short reply finish
--- @include capacity_left take_capacity check_planned check_seen rebind_lines rebind_capacities keep_plan
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local name = key('s:', request.reservation_id)

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
  local answer = reply('REPLAYED', reservation)
  answer[4] = redis.call('HGETALL', name)
  return answer
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
local moves, path, allowed = check_seen(reservation, request)
if not moves then
  return reply(path == 'LOST' and 'LOST' or 'INVALID', path == 'LOST' and allowed or { path, allowed })
end
local touched = { unpack(reservation.lines) }
for _, capacity in ipairs(request.capacities) do
  touched[#touched + 1] = { sku = capacity[1] }
end
local stale = prepare_skus(touched, reservation.market, now, retention_ms)
if stale then
  return reply('STALE', stale)
end
local short = check_planned(reservation.market, request, moves.wanted, moves.own)
if #short > 0 then
  return reply(next(more_due) and 'MORE_DUE' or 'LOST', next(more_due) and { (next(more_due)) } or short)
end
local packed = redis.call('HGET', name, 'refused')
local refused = packed and cmsgpack.unpack(packed) or {}

-- Apply.
rebind_lines(reservation, request, now, retention_ms)
for _, part in ipairs(request.refusals) do
  if #refused < request.refused_max then
    refused[#refused + 1] = { part[1], part[2] }
  end
end
reservation.requests[request.request_id] = request.fingerprint
reservation.request_count = reservation.request_count + 1
reservation.ship_by_ms = request.ship_by_ms
rebind_capacities(reservation, request.capacities)
close_if_empty(reservation)
flush_all(now)
local all = keep_plan(reservation, request, refused, now)
local answer = finish('DONE', reservation, now, retention_ms)
answer[4] = all
return answer
