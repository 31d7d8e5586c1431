#!lua flags=no-writes
--[[
observe_future: what a market can promise of SKUs beyond its number, from supply that is expected within its
horizon. Stops when the work of one script is done; the caller asks for the rest.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  market              string  channel/country
ARGV[3]  skus                msgpack the SKUs
OUTCOME  DONE                for each SKU looked at: the number (-1 where nothing is expected), units beyond it,
                             when the first of those is expected (0: never)
COST     SKUs and their supplies, at most 100 and the supplies of one SKU beyond
]]
--- @include key clock location_of new_sku load_sku share_of position_of find_market sellable_now
--- @include load_supplies quota_of quota_left sells_from units future_of number_with
local market = ARGV[2]
local now = clock(ARGV[1])
local found, work = {}, 0
for _, sku in ipairs(cmsgpack.unpack(ARGV[3])) do
  if work >= 100 then
    break
  end
  local number, sum, counted, more, first_ms = -1, 0, 0, 0, 0
  if redis.call('HEXISTS', key('k:', sku), ':f') == 1 then
    local state = load_sku(sku)
    load_supplies(state)
    local supplies, index = future_of(state, market, now, math.huge)
    local left = quota_left(state, market) or math.huge
    if supplies[1] then
      number = math.min(number_with(state, market, index, 0, 0), left)
    end
    for _, supply in ipairs(supplies) do
      sum, counted = sum + supply.free, counted + supply.counted
      more = math.max(0, math.min(number_with(state, market, index, sum, counted), left) - number)
      first_ms = first_ms == 0 and more > 0 and supply.expect_ms or first_ms
    end
    work = work + 5 + state.supplies_bytes / 180
  end
  found[#found + 1] = number
  found[#found + 1] = more
  found[#found + 1] = first_ms
  work = work + 0.3
end
return { 'DONE', cmsgpack.pack(found) }
