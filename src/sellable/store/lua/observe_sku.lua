#!lua flags=no-writes
--[[
observe_sku: every market that has a position of a SKU, with the oldest count behind its number. Answers a
part of the positions; the caller asks until there is no more, and takes the oldest of each market.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  sku                 string  the SKU
ARGV[2]  cursor              string  of the answer before; 0 = from the start
OUTCOME  DONE                cursor, 0 after the last part; market and microseconds since 1970 (0 where nothing
                             was counted), repeated
OUTCOME  UNKNOWN_SKU         nothing
COST     positions and markets of each kind of location, about 1500 of both
]]
--- @include key location_of
local name, cursor = key('k:', ARGV[1]), ARGV[2]
if redis.call('EXISTS', name) == 0 then
  return { 'UNKNOWN_SKU', cmsgpack.pack({}) }
end
local work, times = 0, {}
repeat
  local page = redis.call('HSCAN', name, cursor, 'COUNT', 20)
  cursor = page[1]
  for at = 1, #page[2], 2 do
    local field, observe_us, _ = page[2][at], 0, nil
    if string.sub(field, 1, 2) == 'b:' then
      field = string.sub(field, 3)
      _, observe_us = cmsgpack.unpack(page[2][at + 1])
    end
    local place = location_of(field)
    if place then
      work = work + (times[place] and 0 or #place.markets / 5)
      times[place] = times[place] or 0
      if observe_us > 0 and (times[place] == 0 or observe_us < times[place]) then
        times[place] = observe_us
      end
    end
    work = work + 3
  end
until cursor == '0' or work >= 1500
local oldest, found = {}, { cursor }
for place, observe_us in pairs(times) do
  for at = 1, #place.markets, 5 do
    local market = place.markets[at]
    local known = oldest[market] or 0
    oldest[market] = observe_us > 0 and (known == 0 or observe_us < known) and observe_us or known
  end
end
for market, observe_us in pairs(oldest) do
  found[#found + 1] = market
  found[#found + 1] = observe_us
end
return { 'DONE', cmsgpack.pack(found) }
