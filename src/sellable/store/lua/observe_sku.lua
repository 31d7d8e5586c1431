#!lua flags=no-writes
--[[
observe_sku: every market that has a position of a SKU, with the oldest count behind its number.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  sku                 string  the SKU
OUTCOME  DONE                market and microseconds since 1970 (0 where nothing was counted), repeated
OUTCOME  UNKNOWN_SKU         nothing
COST     positions of the SKU x markets of their locations
]]
--- @include key location_of
local raw = redis.call('HGETALL', key('k:', ARGV[1]))
if #raw == 0 then
  return { 'UNKNOWN_SKU', cmsgpack.pack({}) }
end
local bases, names, oldest, markets = {}, {}, {}, {}
for at = 1, #raw, 2 do
  local name = raw[at]
  if string.sub(name, 1, 2) == 'b:' then
    local _, observe_us = cmsgpack.unpack(raw[at + 1])
    bases[string.sub(name, 3)] = observe_us > 0 and observe_us or nil
  elseif not string.find(name, ':', 1, true) then
    names[#names + 1] = name
  end
end
for _, name in ipairs(names) do
  local place = location_of(name)
  for at = 1, place and #place.markets or 0, 5 do
    local market = place.markets[at]
    if not oldest[market] then
      markets[#markets + 1] = market
      oldest[market] = 0
    end
    if bases[name] and (oldest[market] == 0 or bases[name] < oldest[market]) then
      oldest[market] = bases[name]
    end
  end
end
local found = {}
for _, market in ipairs(markets) do
  found[#found + 1] = market
  found[#found + 1] = oldest[market]
end
return { 'DONE', cmsgpack.pack(found) }
