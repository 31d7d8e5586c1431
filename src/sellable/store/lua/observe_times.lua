#!lua flags=no-writes
--[[
observe_times: per SKU the oldest observation time of the counts behind a market's number.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  market              string  channel/country
ARGV[2]  skus                msgpack the SKUs
OUTCOME  DONE                for each SKU: microseconds since 1970, 0 where nothing was counted
COST     SKUs x locations of the market
]]
--- @include key
local market = ARGV[1]
local fields, times = {}, {}
local chunk = 0
while true do
  local packed = redis.call('HGET', KEYS[1], 'o:' .. market .. ':' .. chunk)
  if not packed then
    break
  end
  for _, name in ipairs(cmsgpack.unpack(packed)) do
    fields[#fields + 1] = 'b:' .. name
  end
  chunk = chunk + 1
end
for at, sku in ipairs(cmsgpack.unpack(ARGV[2])) do
  local oldest = 0
  for first = 1, #fields, 1000 do
    local bases = redis.call('HMGET', key('k:', sku), unpack(fields, first, math.min(first + 999, #fields)))
    for place = 1, math.min(1000, #fields - first + 1) do
      if bases[place] then
        local _, observe_us = cmsgpack.unpack(bases[place])
        if observe_us > 0 and (oldest == 0 or observe_us < oldest) then
          oldest = observe_us
        end
      end
    end
  end
  times[at] = oldest
end
return { 'DONE', cmsgpack.pack(times) }
