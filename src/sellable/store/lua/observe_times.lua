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
COST     locations of the market, at most 5000 and twice the counts among them
]]
--- @include key
local call, unpack_limit = redis.call, cmsgpack.unpack_limit
local market, chunk = ARGV[1], tonumber(ARGV[3])
local skus = cmsgpack.unpack(ARGV[2])
local fields, found = {}, { 0 }
local work, at = 0, 1

local function fields_of(index)
  if fields[index] == nil then
    local packed = call('HGET', KEYS[1], 'o:' .. market .. ':' .. index)
    local names = packed and cmsgpack.unpack(packed) or false
    for place = 1, names and #names or 0 do
      names[place] = 'b:' .. names[place]
    end
    fields[index] = names
  end
  return fields[index]
end

while skus[at] and work < 5000 do
  local name, names, oldest = key('k:', skus[at]), fields_of(chunk), math.huge
  while names and work < 5000 do
    local bases = call('HMGET', name, unpack(names))
    for place = 1, #names do
      local packed = bases[place]
      if packed then
        local _, _, observe_us = unpack_limit(packed, 2)
        if observe_us > 0 and observe_us < oldest then
          oldest = observe_us
        end
        work = work + 2
      end
    end
    work = work + #names
    chunk = chunk + 1
    names = fields_of(chunk)
  end
  at = at + 1
  found[at] = oldest < math.huge and oldest or 0
  found[1] = names and chunk or 0
  chunk, work = 0, work + 3
end
return { 'DONE', cmsgpack.pack(found) }
