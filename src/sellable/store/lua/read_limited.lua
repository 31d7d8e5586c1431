#!lua flags=no-writes
--[[
read_limited: numbers of a market that a quota may limit further than the view says.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  market              string  channel/country
ARGV[2]  skus                msgpack the SKUs, at most 200
OUTCOME  DONE                for each SKU its number; -1 without a position in the market
COST     SKUs
]]
--- @include key quota_of quota_left
local view = redis.call('HMGET', key('v:', ARGV[1]), unpack(cmsgpack.unpack(ARGV[2])))
local numbers = {}
for at, sku in ipairs(cmsgpack.unpack(ARGV[2])) do
  local number, limited = string.match(view[at] or '-1', '^(-?%d+)(q?)$')
  numbers[at] = tonumber(number)
  if limited == 'q' then
    local packed = redis.call('HGET', key('k:', sku), ':o')
    local left = quota_left({ overrides = packed and cmsgpack.unpack(packed) }, ARGV[1])
    numbers[at] = math.min(numbers[at], left or numbers[at])
  end
end
return { 'DONE', cmsgpack.pack(numbers) }
