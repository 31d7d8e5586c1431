-- Goods of a reservation left, as a feed tells it. The event id is kept with the reservation, so a
-- repeat is known for as long as the reservation is; of an unknown reservation only on hand falls.
local function apply_shipment(state, fact, requests_max, now, retention_ms)
  local delta = { event_id = fact.event_id, source = fact.source, sequence = fact.sequence,
    observe_us = fact.observe_us }
  local reservation = load_reservation(fact.reservation_id)
  if not reservation then
    delta.quantity = -fact.quantity
    local outcome = apply_delta(state, fact.location, delta, now, retention_ms)
    if outcome == 'APPLIED' then
      record(state, 'UNRESERVED_SHIPMENT', fact.location, -fact.quantity, fact.reservation_id, fact.source)
      note_outflow(state, fact.location, fact.quantity, fact.observe_us)
    end
    return outcome, nil, 'the reservation is not known: on hand fell, nothing reserved did'
  end
  if settle(reservation, now) then
    store_later(reservation, now, retention_ms)
  end
  local request_id = table.concat({ fact.source, fact.event_id, fact.sku, fact.location }, '\0')
  if reservation.requests[request_id] then
    return 'DUPLICATE'
  end
  if reservation.request_count >= requests_max then
    return 'REJECTED', 'INVALID_FIELD', 'a reservation takes at most ' .. requests_max .. ' partial operations'
  end
  local part = { line_id = fact.line_id, sku = fact.sku, location = fact.location, quantity = fact.quantity }
  local parts, _, allowed = shipped_parts(reservation, { part })
  if not parts or parts[1].line.sku ~= fact.sku then
    return 'REJECTED', 'INVALID_FIELD', parts and 'the line is of another SKU' or allowed
  end
  confirm_hold(reservation, now)
  local state = load_sku(fact.sku)
  local facts = facts_of(state, fact.location, base_of(state, fact.location)[7] == 0)
  local known = knows_fact(facts, fact.source .. '\0' .. fact.event_id)
  for at, found in ipairs(parts) do
    local event_id = (known or at == 1) and fact.event_id or fact.event_id .. '\0' .. at
    local piece = { event_id = event_id, source = fact.source, sequence = fact.sequence, observe_us = fact.observe_us }
    ship(reservation, found.line, found.location, found.quantity, piece, now, retention_ms)
  end
  reservation.requests[request_id] = 'feed'
  reservation.request_count = reservation.request_count + 1
  close_if_empty(reservation)
  store_later(reservation, now, retention_ms)
  return 'APPLIED'
end
