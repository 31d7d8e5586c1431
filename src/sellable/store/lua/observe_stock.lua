#!lua flags=no-writes
--[[
observe_stock: what SKUs have at locations, beside any market, and when it was counted.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  pairs               msgpack location and SKU, one after the other
OUTCOME  DONE                for each pair: 1 if the location is known, on hand, reserved, microseconds since 1970 or 0
COST     pairs
]]
--- @include key location_of
local found = {}
local asked = cmsgpack.unpack(ARGV[1])
for at = 1, #asked, 2 do
  local name, sku = asked[at], asked[at + 1]
  local raw = redis.call('HMGET', key('k:', sku), name, 'b:' .. name)
  local on_hand, reserved, observe_us, _ = 0, 0, 0, nil
  if raw[1] then
    on_hand, reserved = cmsgpack.unpack(raw[1])
  end
  if raw[2] then
    _, observe_us = cmsgpack.unpack(raw[2])
  end
  found[#found + 1] = location_of(name) and 1 or 0
  found[#found + 1] = on_hand
  found[#found + 1] = reserved
  found[#found + 1] = observe_us
end
return { 'DONE', cmsgpack.pack(found) }
