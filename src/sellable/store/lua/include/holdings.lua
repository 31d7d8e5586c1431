-- Which SKUs and locations a reservation holds open units of, for which supplies it waits there, and in which
-- state it is: what the indexes say about it.
local function holdings(reservation)
  local held = { state = reservation.state, expire_ms = reservation.expire_ms, skus = {}, locations = {},
    waiting = {}, }
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 then
        held.skus[line.sku] = true
        local location = string.match(allocation.location, '^(.*)%+')
        held.locations[location or allocation.location] = true
        if location then
          held.waiting[allocation.location .. ':' .. line.sku] = true
        end
      end
    end
  end
  return held
end
