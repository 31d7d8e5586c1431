#!lua
--[[
switch_network: make one change of the network that is due by itself: the next dated one, or that of up
to 16 locations whose feeds fell silent or came back. Where nothing is due it does nothing, so that any
number of processes may ask for it.
Why one script: no reader may see a market of one moment with the rules of another.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
OUTCOME  DONE                1 made, 0 nothing was due
OUTCOME  MORE_DUE            1: made, and the next one is due as well
COST     fields of the switch + pending locations + markets
]]
--- @include key clock append_ledger reply network_due location_of whole_second silence age_location
--- @include next_change move_epoch show_markets
local now = clock(ARGV[1])

-- Decide.
if not network_due(now) then
  return reply('DONE', 0)
end
local raw = redis.call('HMGET', KEYS[1], 'version', 'epoch', 'slice', 'times')
local version, epoch, slice = tonumber(raw[1]), tonumber(raw[2]), tonumber(raw[3] or 0) + 1
local at_ms = (raw[4] and cmsgpack.unpack(raw[4]) or {})[slice]
local affected, pending, limited = {}, {}, {}
local source

-- Apply.
if at_ms and at_ms <= now then
  local switch = cmsgpack.unpack(redis.call('HGET', KEYS[1], 't:' .. slice))
  source, pending, limited = 'schedule', switch[5], switch[6]
  for first = 1, #switch[2], 1000 do
    redis.call('HSET', KEYS[1], unpack(switch[2], first, math.min(first + 999, #switch[2])))
  end
  for first = 1, #switch[3], 1000 do
    redis.call('HDEL', KEYS[1], unpack(switch[3], first, math.min(first + 999, #switch[3])))
  end
  for _, market in ipairs(switch[4]) do
    affected[market] = true
  end
  redis.call('HSET', KEYS[1], 'as_of_ms', at_ms, 'slice', slice)
  redis.call('HDEL', KEYS[1], 't:' .. slice)
else
  for _, location in ipairs(redis.call('ZRANGEBYSCORE', key('aging', ''), '-inf', now, 'LIMIT', 0, 16)) do
    local place = location_of(location)
    local level, again_ms = silence(place.stale[1], tonumber(redis.call('HGET', key('seen', ''), location)), now)
    age_location(location, again_ms)
    if level ~= place.level then
      redis.call('HSET', key('aged', ''), location, level)
      source = 'staleness'
      pending[#pending + 1] = location
      for at = 1, #place.markets, 5 do
        affected[place.markets[at]] = true
      end
    end
  end
end
if next(affected) or #pending > 0 then
  epoch = epoch + 1
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
for market in pairs(affected) do
  limited[market] = limited[market] or false
end
for market, value in pairs(limited) do
  local fields = cmsgpack.unpack(redis.call('HGET', KEYS[1], 'm:' .. market))
  fields[1] = affected[market] and epoch or fields[1]
  fields[5] = value or fields[5] or 0
  redis.call('HSET', KEYS[1], 'm:' .. market, cmsgpack.pack(fields))
end
local positions = move_epoch(pending, epoch)
local next_ms = next_change()
redis.call('HSET', KEYS[1], 'next_ms', next_ms)
show_markets(affected, positions)
if source then
  append_ledger({ 'NETWORK', '', '', version, '', source }, now, {})
end
return reply(next_ms <= now and 'MORE_DUE' or 'DONE', 1)
