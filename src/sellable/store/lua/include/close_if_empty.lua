-- A reservation with nothing open is FULFILLED if something shipped, else RELEASED (or EXPIRED, if it
-- was).
local function close_if_empty(reservation)
  settle_capacities(reservation)
  local shipped = false
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 then
        return
      end
      shipped = shipped or allocation.fulfilled > 0
    end
  end
  reservation.state = shipped and 'FULFILLED' or reservation.state == 'EXPIRED' and 'EXPIRED' or 'RELEASED'
end
