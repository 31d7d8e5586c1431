#!lua flags=no-writes
--[[
preview_network: what a staged network would do to the numbers of SKUs, by market. Stops when the work
of one script is done; the caller sends the rest again.
KEYS[1]  stage               hash    the network to try out; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  request             msgpack version (the one in force that is compared with), work_max, skus, silent
                                     (whether some locations mind silence after another time)
OUTCOME  DONE                how many of the SKUs were seen to, then repeated: market, SKUs that enter sale, that
                             leave it, whose number changes, units that are added, that are removed
OUTCOME  STALE               SKUs to refresh before another try; none where the network is to be switched
OUTCOME  CONFLICT            the version in force
COST     positions x markets of their locations, at most work_max beyond the last SKU
]]
--- @include key clock location_of new_sku load_sku share_of units find_market market_at
--- @include add_to_markets add_supply sellable_now record quota_of quota_left adopt_rules
--- @include stored_fields recompute whole_second silence count_change
local request = cmsgpack.unpack(ARGV[2])
local now = clock(ARGV[1])
local net = redis.call('HMGET', key('net', ''), 'version', 'epoch', 'next_ms')
if tonumber(net[1] or 0) ~= request.version then
  return { 'CONFLICT', cmsgpack.pack(tonumber(net[1] or 0)) }
end
if now >= tonumber(net[3] or 9007199254740991) then
  return { 'STALE', cmsgpack.pack({}) }
end

local function age_as_staged(state)
  for _, name in ipairs(redis.call('HKEYS', state.key)) do
    local after_ms = not string.find(name, ':', 1, true) and redis.call('HGET', KEYS[1], 's:' .. name)
    if after_ms then
      local seen_ms = redis.call('HGET', key('seen', ''), name)
      local place = location_of(name)
      locations[name] = { enabled = place.enabled, safety = place.safety, markets = place.markets,
        blocked = place.blocked, stale = place.stale,
        level = seen_ms and silence(tonumber(after_ms), tonumber(seen_ms), now) or 0 }
    end
  end
end

local function numbers(state, told)
  local found = {}
  for at = 1, #state.flat, 4 do
    local market = state.flat[at]
    local number = math.max(0, told(state, at))
    found[market] = math.min(number, quota_left(state, market) or number)
  end
  return found
end

local work, seen = 0, 0
for _, sku in ipairs(request.skus) do
  local state = load_sku(sku)
  if state.epoch and state.epoch < tonumber(net[2]) then
    if seen == 0 then
      return { 'STALE', cmsgpack.pack({ sku }) }
    end
    break
  end
  if state.epoch then
    local before = numbers(state, function(_, at) return state.flat[at + 3] end)
    if request.silent then
      age_as_staged(state)
    end
    work = work + 4 + recompute(state)
    local after = numbers(state, sellable_now)
    for market, number in pairs(after) do
      count_change(market, before[market] or 0, number)
      before[market] = nil
    end
    for market, number in pairs(before) do
      count_change(market, number, 0)
    end
  end
  work = work + 1
  seen = seen + 1
  if work > request.work_max then
    break
  end
end
local told = { seen }
for _, market in ipairs(order) do
  told[#told + 1] = market
  for _, number in ipairs(totals[market]) do
    told[#told + 1] = number
  end
end
return { 'DONE', cmsgpack.pack(told) }
