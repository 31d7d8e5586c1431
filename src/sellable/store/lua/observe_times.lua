#!lua flags=no-writes
--[[
observe_times: per SKU the oldest observation time of the counts behind a market's number. Stops when the
work of one script is done; the caller asks for the rest.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  market              string  channel/country
ARGV[2]  skus                msgpack the SKUs
ARGV[3]  chunk               int     of the market's locations, where the first SKU goes on; 0 = at its start
OUTCOME  DONE                the chunk where the last of these SKUs goes on, 0 where it is done; for each SKU
                             looked at: microseconds since 1970, 0 where nothing was counted
COST     locations of the market, at most 1500 and twice the counts among them
]]
--- @include key
local market, chunk = ARGV[1], tonumber(ARGV[3])
local fields, found = {}, { 0 }
local work = 0

local function fields_of(at)
  if fields[at] == nil then
    local packed = redis.call('HGET', KEYS[1], 'o:' .. market .. ':' .. at)
    fields[at] = packed and cmsgpack.unpack(packed) or false
    for place, name in ipairs(fields[at] or {}) do
      fields[at][place] = 'b:' .. name
    end
  end
  return fields[at]
end

for _, sku in ipairs(cmsgpack.unpack(ARGV[2])) do
  local oldest = 0
  if work >= 1500 then
    break
  end
  while fields_of(chunk) do
    if work >= 1500 then
      found[1] = chunk
      break
    end
    for _, packed in ipairs(redis.call('HMGET', key('k:', sku), unpack(fields[chunk]))) do
      if packed then
        local _, observe_us = cmsgpack.unpack(packed)
        oldest = observe_us > 0 and (oldest == 0 or observe_us < oldest) and observe_us or oldest
        work = work + 2
      end
    end
    work = work + #fields[chunk]
    chunk = chunk + 1
  end
  found[#found + 1] = oldest
  chunk = 0
  work = work + 3
end
return { 'DONE', cmsgpack.pack(found) }
