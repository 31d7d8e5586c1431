-- Goods left a location: a fact, never refused for the reservation's state. Reserved falls: at that
-- location first, then where else the line is bound. What was released or expired before becomes
-- fulfilled. On hand falls unless the base was counted later. Returns nothing; units that no
-- reserved unit of this position backed go to the ledger as UNRESERVED_SHIPMENT.
local function ship(reservation, line, location, quantity, fact, now, retention_ms)
  local state = load_sku(line.sku)
  local here = nil
  for _, allocation in ipairs(line.allocations) do
    here = allocation.location == location and allocation or here
  end
  local backed = here and math.min(quantity, here.open) or 0
  if backed > 0 then
    give_back(reservation, line, here, backed, 'fulfilled', 'FULFILLED')
  end
  local left = quantity - backed
  local counted = 0
  for _, field in ipairs({ 'open', 'expired', 'released' }) do
    for index = #line.allocations, 1, -1 do
      local allocation = line.allocations[index]
      local moved = math.min(left - counted, allocation[field])
      if moved > 0 and field == 'open' then
        give_back(reservation, line, allocation, moved, 'fulfilled', 'FULFILLED')
        allocation.fulfilled = allocation.fulfilled - moved
      elseif moved > 0 then
        allocation[field] = allocation[field] - moved
        count_quotas(line.quotas, moved)
      end
      counted = counted + math.max(0, moved)
    end
  end
  if counted > 0 then
    if not here then
      here = { location = location, open = 0, fulfilled = 0, released = 0, expired = 0 }
      line.allocations[#line.allocations + 1] = here
    end
    here.fulfilled = here.fulfilled + counted
  end
  fact.quantity = -quantity
  local outcome = apply_delta(state, location, fact, now, retention_ms)
  local applied = outcome == 'APPLIED'
  if outcome ~= 'DUPLICATE' then
    note_outflow(state, location, quantity, fact.observe_us)
  end
  if left > 0 then
    record(state, 'UNRESERVED_SHIPMENT', location, -left, reservation.reservation_id, fact.source)
  end
  if applied then
    record(state, 'ON_HAND', location, -quantity, reservation.reservation_id, fact.source)
  end
end
