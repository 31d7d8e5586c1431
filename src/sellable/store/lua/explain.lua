#!lua
--[[
explain: what the number of a SKU in a market comes from, raw and all of one moment.
What holds past their time took is given back first, as for a listing of positions.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  market              string  channel/country
ARGV[5]  sku                 string  the SKU
OUTCOME  DONE                now; network version, the moment whose rules are in force and that of the next
                             planned change, 0 = none; item class; what the view says, empty without a
                             position; quotas and units taken of them; locations that are silent, for how many
                             periods and since when; units that can be promised beyond the number. After
                             the ledger position, raw: the fields of the SKU, and the market's locations in
                             binding order, in chunks
OUTCOME  UNKNOWN_MARKET      nothing
OUTCOME  UNKNOWN_SKU         nothing
OUTCOME  STALE               the SKU: to refresh before another try
OUTCOME  MORE_DUE            the SKU: more expired holds to give back before another try
COST     positions and supplies of the SKU
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of quota_left
--- @include flush_numbers note_rebased flush_all holdings load_reservation store_reservation
--- @include count_quotas unbind give_back settle expire_due network_due sells_from future_of
--- @include number_with reply
local market = ARGV[4]
local now = clock(ARGV[1])
local network = redis.call('HMGET', KEYS[1], 'version', 'as_of_ms', 'epoch', 'm:' .. market, 'times', 'slice')
if not network[4] then
  return reply('UNKNOWN_MARKET', {})
end
local state = load_sku(ARGV[5])
if not state.epoch and not state.item then
  return reply('UNKNOWN_SKU', {})
end
if network_due(now) or state.epoch and state.epoch < tonumber(network[3] or 0) then
  return reply('STALE', { state.sku })
end
expire_due(state, now, tonumber(ARGV[3]))
flush_all(now)
if next(more_due) then
  return reply('MORE_DUE', { state.sku })
end

-- A SKU may be at thousands of locations: its fields are handed over as they are, for the caller to read.
local fields, names = redis.call('HGETALL', state.key), {}
for at = 1, #fields, 2 do
  if not string.find(fields[at], ':', 1, true) then
    names[#names + 1] = fields[at]
  end
end
local silent = {}
for first = 1, #names, 1000 do
  local last = math.min(first + 999, #names)
  for at, level in ipairs(redis.call('HMGET', key('aged', ''), unpack(names, first, last))) do
    if level and level ~= '0' then
      local name = names[first + at - 1]
      silent[#silent + 1] = { name, tonumber(level), tonumber(redis.call('HGET', key('seen', ''), name) or 0) }
    end
  end
end
local chunks = {}
for at = 1, math.ceil(cmsgpack.unpack(network[4])[3] / 32) do
  chunks[at] = redis.call('HGET', KEYS[1], 'o:' .. market .. ':' .. at - 1)
end
local taken = {}
for _, quota in ipairs(state.overrides and state.overrides[3] and state.overrides[3][market] or {}) do
  taken[#taken + 1] = { quota[1], quota_of(quota[1]).taken }
end
local next_switch_ms = network[5] and cmsgpack.unpack(network[5])[tonumber(network[6] or 0) + 1] or 0
local supplies, index = future_of(state, market, now, math.huge)
local expected, counted, left = 0, 0, quota_left(state, market) or math.huge
for _, supply in ipairs(supplies) do
  expected, counted = expected + supply.free, counted + supply.counted
end
local future = expected > 0 and math.max(0, math.min(number_with(state, market, index, expected, counted), left)
  - math.min(number_with(state, market, index, 0, 0), left)) or 0
local answer = reply('DONE', { now, tonumber(network[1]), tonumber(network[2] or 0), next_switch_ms,
  state.item and state.item[2] or '', redis.call('HGET', key('v:', market), state.sku) or '', taken, silent, future })
answer[4], answer[5] = fields, chunks
return answer
