-- Expires a hold whose time has come, in the working copies. Returns whether it did.
local function settle(reservation, now)
  if reservation.state ~= 'HELD' or reservation.expire_ms > now then
    return false
  end
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 then
        give_back(reservation, line, allocation, allocation.open, 'expired', 'EXPIRED')
      end
    end
  end
  reservation.state = 'EXPIRED'
  return true
end
