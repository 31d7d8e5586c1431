-- What a market can promise of a SKU beyond its stock, by when it is expected: the supplies that come to
-- its enabled locations within its horizon. `free` are the units that will be available there when they
-- have come, beside what everybody waits for: what fills up a safety stock or heals an overcommitment is
-- nobody's. `counted` raises the on hand that percentages are of. A recalled position gives nothing.
-- Returns also where the market's values begin in flat; nil if it has none.
local function future_of(state, market, now, until_ms)
  local packed = redis.call('HGET', KEYS[1], 'm:' .. market)
  local horizon_ms = packed and cmsgpack.unpack(packed)[4] or 0
  local index = find_market(state, market, 1)
  local found = {}
  if horizon_ms == 0 or not index then
    return found, index
  end
  local latest_ms = math.min(until_ms, now + horizon_ms)
  for place, supply in pairs(load_supplies(state)) do
    if supply.expect_ms > now and supply.expect_ms <= latest_ms then
      local name = string.match(place, '^(.*)%+')
      local location, position, stock = location_of(name), position_of(state, place), position_of(state, name)
      local free = position[1] - position[2]
      if free > 0 and location and location.enabled and stock[4] == 0 and sells_from(market, location) then
        found[#found + 1] = { place = place, location = name, expect_ms = supply.expect_ms, counted = free }
      end
    end
  end
  table.sort(found, function(one, other)
    if one.expect_ms ~= other.expect_ms then
      return one.expect_ms < other.expect_ms
    end
    return one.place < other.place
  end)
  local arrived = {}
  for _, supply in ipairs(found) do
    local location, stock = location_of(supply.location), position_of(state, supply.location)
    local on_hand = stock[1] + (arrived[supply.location] or 0)
    local before, _, counted = units(location, on_hand, stock[2], stock[3], stock[4])
    local after, _, counted_then = units(location, on_hand + supply.counted, stock[2], stock[3], stock[4])
    arrived[supply.location] = (arrived[supply.location] or 0) + supply.counted
    supply.free, supply.counted = after - before, counted_then - counted
  end
  return found, index
end
