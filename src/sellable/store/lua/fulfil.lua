#!lua
--[[
fulfil: goods of a reservation left the building. A fact, never refused for its state: HELD is
confirmed first; what was released or expired, or is bound elsewhere, lowers on hand all the same.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack reservation_id, request_id, fingerprint, parts, observe_us (0 = now),
                                     source, future_tolerance_ms, requests_max
OUTCOME  DONE                the reservation
OUTCOME  REPLAYED            the reservation as it is now, with its request ids
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  UNKNOWN_LOCATION    its name
OUTCOME  INVALID             field path and what is allowed
COST     lines, allocations and the markets of their locations
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle adopt_rules base_of create_position follows_base facts_of knows_fact
--- @include keep_fact forget_facts forget_old apply_delta outflow_of note_outflow ship confirm_hold shipped_parts
--- @include use_capacity settle_capacities close_if_empty shortages mark_short reply finish
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
if reservation.state == 'FULFILLED' and #request.parts == 0 then
  return reply('DONE', reservation)
end
if request.request_id ~= '' and reservation.request_count >= request.requests_max then
  return reply('INVALID', { 'request_id', 'is one too many: a reservation takes at most ' .. request.requests_max })
end
if request.observe_us > (now + request.future_tolerance_ms) * 1000 then
  local allowed = 'at most ' .. request.future_tolerance_ms .. " ms ahead of the store's clock"
  return reply('INVALID', { 'observe_time', allowed })
end
local parts, path, allowed = shipped_parts(reservation, request.parts)
if not parts then
  if path == 'UNKNOWN_LOCATION' then
    return reply(path, allowed)
  end
  return reply('INVALID', { path, allowed })
end

-- Apply.
confirm_hold(reservation, now)
for at, part in ipairs(parts) do
  ship(reservation, part.line, part.location, part.quantity, {
    event_id = table.concat({ reservation.number, request.request_id, at }, '\0'),
    source = request.source, sequence = 0,
    observe_us = request.observe_us > 0 and request.observe_us or now * 1000,
  }, now, retention_ms)
end
if request.request_id ~= '' then
  reservation.requests[request.request_id] = request.fingerprint
  reservation.request_count = reservation.request_count + 1
end
close_if_empty(reservation)
return finish('DONE', reservation, now, retention_ms)
