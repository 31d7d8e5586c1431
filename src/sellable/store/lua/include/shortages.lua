-- On whom the shortage of an overcommitted position falls: on HELD before CONFIRMED, the youngest
-- first. Looks at the 500 youngest holders; returns units short by reservation.
local function shortages(state, location)
  local position = position_of(state, location)
  local short = {}
  local left = position and position[2] - position[1] or 0
  if left <= 0 then
    return short
  end
  local holders = redis.call('ZREVRANGE', key('i:k:', state.sku), 0, 499)
  for _, wanted in ipairs({ 'HELD', 'CONFIRMED' }) do
    for _, id in ipairs(holders) do
      local reservation = load_reservation(id)
      if left > 0 and reservation.state == wanted then
        for _, line in ipairs(reservation.lines) do
          for _, allocation in ipairs(line.allocations) do
            if line.sku == state.sku and allocation.location == location then
              local quantity = math.min(left, allocation.open)
              short[id] = (short[id] or 0) + quantity
              left = left - quantity
            end
          end
        end
      end
    end
  end
  return short
end
