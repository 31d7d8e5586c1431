-- A hold whose goods left was an order, whatever the client said so far.
local function confirm_hold(reservation, now)
  if reservation.state == 'HELD' then
    reservation.state = 'CONFIRMED'
    reservation.confirm_ms = now
    reservation.expire_ms = 0
  end
end
