#!lua flags=no-writes
--[[
inspect_sku: everything that the store says about a SKU, raw, for verify to recompute.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  sku                 string  the SKU
ARGV[2]  after               int     number of the last holder seen; 0 = from the start
OUTCOME  DONE                fields and values of the SKU; market and view number; location and its compiled
                             network; rules for the SKU and its class; network epoch; market and its compiled
                             network; facts (location, id, observe time, packed); up to 200 holders (packed
                             reservation, expiry among the holders, expiry of the sweeper, number in its state
                             index, number in the SKU's index); overcommitted positions; in which location sets;
                     holds; levels of silence of the locations
COST     positions + markets of the network + facts + 200 holders
]]
--- @include key
local sku = ARGV[1]
local raw = redis.call('HGETALL', key('k:', sku))
local class = ''
local places, facts, overcommitted, listed, levels = {}, {}, {}, {}, {}
for at = 1, #raw, 2 do
  local name = raw[at]
  if name == ':i' then
    class = cmsgpack.unpack(raw[at + 1])[2]
  elseif not string.find(name, ':', 1, true) then
    places[#places + 1] = name
    places[#places + 1] = redis.call('HGET', KEYS[1], 'l:' .. name) or ''
    levels[#levels + 1] = tonumber(redis.call('HGET', key('aged', ''), name) or 0)
    local member = name .. ':' .. sku
    local times = redis.call('ZRANGEBYSCORE', key('d:', member), '-inf', '+inf', 'WITHSCORES')
    for fact = 1, #times, 2 do
      local packed = redis.call('HGET', key('f:', member), times[fact]) or ''
      facts[#facts + 1] = { name, times[fact], times[fact + 1], packed }
    end
    overcommitted[#overcommitted + 1] = tonumber(redis.call('ZSCORE', key('o', ''), member) or 0)
    listed[#listed + 1] = redis.call('SISMEMBER', key('l:', name), sku)
  end
end
local views, markets = {}, {}
local names = redis.call('HGET', KEYS[1], 'markets')
for _, market in ipairs(names and cmsgpack.unpack(names) or {}) do
  views[#views + 1] = market
  views[#views + 1] = redis.call('HGET', key('v:', market), sku) or ''
  markets[#markets + 1] = market
  markets[#markets + 1] = redis.call('HGET', KEYS[1], 'm:' .. market) or ''
end
local holders = {}
local ids = redis.call('ZRANGEBYSCORE', key('i:k:', sku), '(' .. ARGV[2], '+inf', 'LIMIT', 0, 200)
for at, id in ipairs(ids) do
  local packed = redis.call('GET', key('r:', id)) or ''
  local state = packed ~= '' and cmsgpack.unpack(packed).state or ''
  holders[at] = { id, packed, redis.call('ZSCORE', key('h:', sku), id) or '',
    redis.call('ZSCORE', key('x', ''), id) or '', redis.call('ZSCORE', key('i:s:', state), id) or '',
    redis.call('ZSCORE', key('i:k:', sku), id) }
end
local rules = redis.call('HMGET', KEYS[1], 'u:' .. sku, 'c:' .. class)
return { 'DONE', { raw, views, places, { rules[1] or '', class ~= '' and rules[2] or '' },
  tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0), markets, facts, holders, overcommitted, listed,
  redis.call('ZCARD', key('h:', sku)), levels } }
