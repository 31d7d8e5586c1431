#!lua flags=no-writes
--[[
observe_at: what SKUs have at one location of a market, and when it was counted.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  market              string  channel/country
ARGV[2]  location            string  its name
ARGV[3]  skus                msgpack the SKUs
OUTCOME  DONE                for each SKU: available (-1 without a position), microseconds since 1970 or 0
OUTCOME  UNKNOWN_LOCATION    nothing
OUTCOME  LOCATION_NOT_IN_MARKET  nothing
COST     SKUs
]]
--- @include key location_of share_of units sells_from
local location = ARGV[2]
local place = location_of(location)
if not place then
  return { 'UNKNOWN_LOCATION', cmsgpack.pack({}) }
end
if not sells_from(ARGV[1], place) then
  return { 'LOCATION_NOT_IN_MARKET', cmsgpack.pack({}) }
end
local found = {}
for _, sku in ipairs(cmsgpack.unpack(ARGV[3])) do
  local raw = redis.call('HMGET', key('k:', sku), location, 'b:' .. location)
  local available, observe_us, _ = -1, 0, nil
  if raw[1] then
    available = place.enabled and units(place, cmsgpack.unpack(raw[1])) or 0
  end
  if raw[2] then
    _, observe_us = cmsgpack.unpack(raw[2])
  end
  found[#found + 1] = available
  found[#found + 1] = observe_us
end
return { 'DONE', cmsgpack.pack(found) }
