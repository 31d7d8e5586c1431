#!lua flags=no-writes
--[[
observe_positions: what SKUs have at each of some locations, for an order to be taken from: all of one moment.
Open units of the reservation that is sourced count as there.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  skus                msgpack the SKUs
ARGV[3]  locations           msgpack their names
ARGV[4]  reservation_id      string  empty = none
OUTCOME  DONE                where there is a position: its index (of the SKU, then of the location, from 0),
                             available, on hand, and the units that left it a day
COST     SKUs x locations; the caller asks for at most 1,000 of them at once
]]
--- @include key clock location_of share_of units own_units outflow_of
local skus, names = cmsgpack.unpack(ARGV[2]), cmsgpack.unpack(ARGV[3])
local now_s = clock(ARGV[1]) / 1000
local packed = ARGV[4] ~= '' and redis.call('GET', key('r:', ARGV[4]))
local own = own_units(packed and cmsgpack.unpack(packed))
local places, fields, found = {}, {}, {}
for at, name in ipairs(names) do
  places[at] = location_of(name) or { enabled = false, level = 0 }
  fields[at], fields[#names + at] = name, 'o:' .. name
end
for row, sku in ipairs(skus) do
  local raw = redis.call('HMGET', key('k:', sku), unpack(fields))
  for at, name in ipairs(names) do
    if raw[at] then
      local place = places[at]
      local on_hand, reserved, safety, blocked = cmsgpack.unpack(raw[at])
      local mine = own[sku] and own[sku][name] or 0
      local available = 0
      if place.enabled and blocked == 0 then
        -- What it holds and is really there stays its own, also where more is kept back by now.
        available = math.max(units(place, on_hand, reserved - mine, safety, blocked),
          math.min(mine, on_hand - reserved + mine))
      end
      local last = #found
      found[last + 1], found[last + 2], found[last + 3] = (row - 1) * #names + at - 1, math.max(0, available), on_hand
      found[last + 4] = outflow_of(raw[#names + at], now_s) * 0.69314718055994531 / 7
    end
  end
end
return { 'DONE', cmsgpack.pack(found) }
