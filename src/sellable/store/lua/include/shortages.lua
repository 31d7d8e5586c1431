-- On whom the shortage of an overcommitted position falls: on HELD before CONFIRMED, the youngest
-- first. An order is as old as its confirmation: a hold that was short and is confirmed does not
-- pass its shortage on to an order that was whole. A hold that is due counts as given back, whether
-- it was swept or not. Looks at the 200 youngest holders, so that the work is bounded, and at no
-- more of them than the shortage reaches; returns units short by reservation.
local function shortages(state, location)
  local position = position_of(state, location)
  local short = {}
  local left = position and position[2] - position[1] or 0
  local waits = string.find(location, '+', 1, true)
  local holders = waits and key('i:w:', location .. ':' .. state.sku) or key('i:k:', state.sku)
  local ids, seen = {}, 0
  while left > 0 and #ids < 200 and seen < 5000 do
    local page = redis.call('ZREVRANGE', holders, seen, seen + 199)
    local there = (waits or #page == 0) and page or redis.call('ZMSCORE', key('i:l:', location), unpack(page))
    for at, id in ipairs(page) do
      if there[at] and #ids < 200 then
        ids[#ids + 1] = id
      end
    end
    seen = #page < 200 and 5000 or seen + 200
  end
  if #ids == 0 then
    return short
  end
  local due, held, confirmed = {}, {}, {}
  for at, expire_ms in ipairs(redis.call('ZMSCORE', key('h:', state.sku), unpack(ids))) do
    local group = not expire_ms and confirmed or tonumber(expire_ms) <= clock(ARGV[1]) and due or held
    group[#group + 1] = ids[at]
  end

  local function share_out(reservation)
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

  for _, group in ipairs({ due, held }) do
    for _, id in ipairs(group) do
      if left > 0 then
        share_out(load_reservation(id))
      end
    end
  end
  local orders = {}
  for at, id in ipairs(left > 0 and confirmed or {}) do
    orders[at] = load_reservation(id)
  end
  table.sort(orders, function(one, other)
    if one.confirm_ms ~= other.confirm_ms then
      return one.confirm_ms > other.confirm_ms
    end
    return one.number > other.number
  end)
  for _, order in ipairs(orders) do
    share_out(order)
  end
  return short
end
