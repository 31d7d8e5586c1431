-- On whom the shortage of an overcommitted position falls: on HELD before CONFIRMED, the youngest
-- first. Looks at the 500 youngest holders; returns units short by reservation. A hold that is due
-- counts as given back, whether it was swept or not.
local function shortages(state, location)
  local position = position_of(state, location)
  local short = {}
  local left = position and position[2] - position[1] or 0
  if left <= 0 then
    return short
  end
  local now = clock(ARGV[1])
  local by_state = { HELD = {}, CONFIRMED = {}, DUE = {} }
  for _, id in ipairs(redis.call('ZREVRANGE', key('i:k:', state.sku), 0, 499)) do
    local reservation = load_reservation(id)
    local due = reservation.state == 'HELD' and reservation.expire_ms <= now
    local group = by_state[due and 'DUE' or reservation.state]
    if group then
      group[#group + 1] = reservation
    end
  end
  for _, group in ipairs({ 'DUE', 'HELD', 'CONFIRMED' }) do
    for _, reservation in ipairs(by_state[group]) do
      if left > 0 then
        for _, line in ipairs(reservation.lines) do
          for _, allocation in ipairs(line.allocations) do
            if line.sku == state.sku and allocation.location == location then
              local quantity = math.min(left, allocation.open)
              local id = reservation.reservation_id
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
