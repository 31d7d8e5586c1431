-- Writes everything that changed, the reservation with it, and answers with it as it is now.
local function finish(outcome, reservation, now, retention_ms)
  flush_all(now)
  store_reservation(reservation, now, retention_ms)
  mark_short(reservation)
  return reply(outcome, reservation)
end
