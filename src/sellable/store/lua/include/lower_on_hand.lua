-- Units that are not there although they were counted: on hand falls in the same script that gives
-- them back, or they would be sold again. Kept as a fact, so that a late count does not undo it. The
-- event id of what a reservation does begins with its number and a NUL: no source can write such one. Units
-- that wait for a supply were never counted.
local function lower_on_hand(state, location, quantity, event_id, reservation_id, now, retention_ms)
  if string.find(location, '+', 1, true) then
    return
  end
  local delta = { event_id = event_id, source = 'sellable', sequence = 0, observe_us = now * 1000,
    quantity = -quantity }
  if apply_delta(state, location, delta, now, retention_ms) == 'APPLIED' then
    record(state, 'ON_HAND', location, -quantity, reservation_id, 'sellable')
  end
end
