#!lua
--[[
release: give open units back to sale, all of them or the named ones.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack reservation_id, request_id, fingerprint, parts, refusal, requests_max
OUTCOME  DONE                the reservation
OUTCOME  REPLAYED            the reservation as it is now, with its request ids
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  CLOSED              its state
OUTCOME  INVALID             field path and what is allowed
COST     lines, allocations and the markets of their locations
]]
--- @include key clock location_of share_of units find_market market_at add_to_markets sellable_now
--- @include append_ledger note_number show_at_once flush_numbers plain_sku write_parts reply plain_release
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local packed = redis.call('GET', key('r:', request.reservation_id))
local answer = packed and plain_release(request, packed, now, retention_ms)
if answer then
  return answer
end
--- @include new_sku load_sku position_of add_supply set_position record load_supplies flush_supplies
--- @include show_numbers flush_sku quota_of note_rebased flush_all holdings load_reservation
--- @include store_reservation count_quotas unbind give_back settle adopt_rules base_of create_position
--- @include follows_base facts_of knows_fact keep_fact forget_facts forget_old apply_delta lower_on_hand
--- @include find_parts use_capacity settle_capacities close_if_empty shortages mark_short finish

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
if reservation.state == 'FULFILLED' then
  return reply('CLOSED', reservation.state)
end
if reservation.state ~= 'HELD' and reservation.state ~= 'CONFIRMED' then
  return reply('DONE', reservation)
end
if request.request_id ~= '' and reservation.request_count >= request.requests_max then
  return reply('INVALID', { 'request_id', 'is one too many: a reservation takes at most ' .. request.requests_max })
end
local parts = {}
if #request.parts > 0 then
  local path, allowed
  parts, path, allowed = find_parts(reservation, request.parts, true, 'quantities[%d]')
  if not parts then
    return reply('INVALID', { path, allowed })
  end
else
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.capacity and {} or line.allocations) do
      parts[#parts + 1] = { line = line, allocation = allocation, quantity = allocation.open, at = 0 }
    end
  end
end

-- Apply.
local missing = request.refusal == 'NOT_FOUND' or request.refusal == 'DAMAGED'
for at, part in ipairs(parts) do
  if part.quantity > 0 then
    give_back(reservation, part.line, part.allocation, part.quantity, 'released', 'RELEASED')
    if missing then
      local event_id = table.concat({ reservation.number, request.request_id, at }, '\0')
      lower_on_hand(load_sku(part.line.sku), part.allocation.location, part.quantity, event_id,
        request.reservation_id, now, retention_ms)
    end
  end
end
if request.request_id ~= '' then
  reservation.requests[request.request_id] = request.fingerprint
  reservation.request_count = reservation.request_count + 1
end
close_if_empty(reservation)
return finish('DONE', reservation, now, retention_ms)
