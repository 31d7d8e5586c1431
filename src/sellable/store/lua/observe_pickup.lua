#!lua flags=no-writes
--[[
observe_pickup: what SKUs have at each of some locations, all of a location at one moment.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  locations           msgpack their names
ARGV[2]  skus                msgpack the SKUs
OUTCOME  DONE                for each location and in it each SKU: available, 0 where there is nothing to sell
COST     SKUs x locations; the caller asks for at most 1,000 of them at once
]]
--- @include key location_of share_of units
local names, skus = cmsgpack.unpack(ARGV[1]), cmsgpack.unpack(ARGV[2])
local places, found = {}, {}
for at, name in ipairs(names) do
  local place = location_of(name)
  places[at] = place and place.enabled and place
end
for column, sku in ipairs(skus) do
  local positions = redis.call('HMGET', key('k:', sku), unpack(names))
  for row = 1, #names do
    local place, packed = places[row], positions[row]
    found[(row - 1) * #skus + column] = place and packed and units(place, cmsgpack.unpack(packed)) or 0
  end
end
return { 'DONE', cmsgpack.pack(found) }
