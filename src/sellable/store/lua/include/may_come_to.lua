-- Whether units of a reservation may come to a location beside any plan. One that has a plan comes to none whose
-- days are limited, as no order of them was taken for it, unless one there is its own, or was until it expired.
local function may_come_to(reservation, location)
  if not reservation.ship_by_ms or redis.call('HEXISTS', KEYS[1], 'd:' .. location) == 0 then
    return true
  end
  for _, line in ipairs(reservation.lines) do
    local day = line.capacity and line.location == location and line.allocations[1]
    if day and (day.open + day.fulfilled > 0 or (day.expired > 0 and line.capacity > clock(ARGV[1]))) then
      return true
    end
  end
  return false
end
