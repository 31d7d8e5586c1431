#!lua
--[[
commit_network: make a staged network the one in force. Markets whose numbers it can alter get a
new epoch and count as rolled out only when their SKUs are recomputed.
Why one script: no reader may see a market of one version with the rules of another.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  request             msgpack base_version, version, stage (key), epoch, markets (name, epoch, threshold,
                                     affected 0|1), removed_markets, removed_locations, pending (locations), author
OUTCOME  DONE                the version, how many positions the roll-out has to look at
OUTCOME  CONFLICT            the version in force
OUTCOME  IN_USE              location, how many reservations hold units there
COST     markets + pending and removed locations
]]
--- @include key clock append_ledger reply
local request = cmsgpack.unpack(ARGV[3])
local now = clock(ARGV[1])

-- Decide.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if version ~= request.base_version then
  return reply('CONFLICT', version)
end
for _, location in ipairs(request.removed_locations) do
  local held = redis.call('ZCARD', key('i:l:', location))
  if held > 0 then
    return reply('IN_USE', { location, held })
  end
end

-- Apply.
redis.call('UNLINK', KEYS[1])
redis.call('RENAME', request.stage, KEYS[1])
redis.call('PERSIST', KEYS[1])
redis.call('HSET', KEYS[1], 'apply_ms', now)
local positions = 0
for _, location in ipairs(request.pending) do
  local count = redis.call('SCARD', key('l:', location))
  if count > 0 then
    redis.call('ZADD', key('pending', ''), request.epoch, location)
    positions = positions + count
  end
end
for _, market in ipairs(request.removed_markets) do
  redis.call('UNLINK', key('v:', market))
end
for _, market in ipairs(request.markets) do
  local meta = redis.call('HGET', key('v:', market[1]), '\1')
  local complete = meta and string.sub(meta, 1, 1) or '1'
  if market[4] == 1 then
    complete = positions > 0 and '0' or complete
  end
  redis.call('HSET', key('v:', market[1]), '\1',
    string.format('%s %.0f %.0f %.0f', complete, market[2], request.version, market[3]))
end
if positions > 0 then
  local left = redis.call('HMGET', key('rollout', ''), 'total', 'done')
  redis.call('HSET', key('rollout', ''), 'total', positions + (left[1] or 0) - (left[2] or 0), 'done', 0)
end
append_ledger({ 'NETWORK', '', '', request.version, '', request.author }, now, {})
return reply('DONE', { request.version, positions })
