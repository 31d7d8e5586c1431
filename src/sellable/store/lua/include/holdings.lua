-- Which SKUs and locations a reservation holds open units of, and in which state it is: what the
-- indexes say about it.
local function holdings(reservation)
  local held = { state = reservation.state, expire_ms = reservation.expire_ms, skus = {}, locations = {} }
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 then
        held.skus[line.sku] = true
        held.locations[allocation.location] = true
      end
    end
  end
  return held
end
