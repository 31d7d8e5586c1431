#!lua flags=no-writes
--[[
observe_sourcing: what an order can be taken from, but for its positions: numbers of the market, master data,
and the reservation that is sourced. Open units of the reservation count as there.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  market              string  channel/country
ARGV[3]  skus                msgpack the SKUs, at most 100
ARGV[4]  reservation_id      string  empty = none
OUTCOME  DONE                now, network version; for each SKU its number (-1: not known), and its master data
                             or empty. After the ledger position: the reservation packed or empty, and what
                             is kept beside it, raw
OUTCOME  UNKNOWN_MARKET      nothing
OUTCOME  UNKNOWN_RESERVATION nothing
OUTCOME  STALE               SKUs to refresh before another try
OUTCOME  MORE_DUE            SKUs with expired holds to give back before another try
COST     SKUs + lines and allocations of the reservation
]]
--- @include key clock location_of new_sku load_sku position_of load_supplies holdings
--- @include load_reservation shortages mark_short network_due find_market quota_of quota_left own_units append_ledger
--- @include reply
local now, market = clock(ARGV[1]), ARGV[2]
local skus = cmsgpack.unpack(ARGV[3])
local net = redis.call('HMGET', KEYS[1], 'version', 'm:' .. market)
if not net[2] then
  return reply('UNKNOWN_MARKET', {})
end
local reservation = ARGV[4] ~= '' and load_reservation(ARGV[4])
if not reservation and ARGV[4] ~= '' then
  return reply('UNKNOWN_RESERVATION', {})
end
if network_due(now) then
  return reply('STALE', {})
end
local epoch = cmsgpack.unpack(net[2])[1]
local stale, due = {}, {}
for _, sku in ipairs(skus) do
  local state = load_sku(sku)
  if state.epoch and state.epoch < epoch then
    stale[#stale + 1] = sku
  end
  if redis.call('ZRANGEBYSCORE', key('h:', sku), '-inf', now, 'LIMIT', 0, 1)[1] then
    due[#due + 1] = sku
  end
end
if reservation and reservation.state == 'HELD' and reservation.expire_ms <= now and #due == 0 then
  due[1] = next(holdings(reservation).skus)
end
if #stale > 0 or #due > 0 then
  return reply(#stale > 0 and 'STALE' or 'MORE_DUE', #stale > 0 and stale or due)
end
local _, own = own_units(reservation)
local numbers, items = {}, {}
for at, sku in ipairs(skus) do
  local state = load_sku(sku)
  local index = find_market(state, market, 1)
  local number = index and state.flat[index + 3] or 0
  number = math.min(number, quota_left(state, market) or number)
  numbers[at] = (state.epoch or state.item) and number + (own[sku] or 0) or -1
  items[at] = state.item or ''
end
if reservation then
  mark_short(reservation)
end
local answer = reply('DONE', { now, tonumber(net[1] or 0), numbers, items })
answer[4] = reservation and cmsgpack.pack(reservation) or ''
answer[5] = reservation and redis.call('HGETALL', key('s:', ARGV[4])) or {}
return answer
