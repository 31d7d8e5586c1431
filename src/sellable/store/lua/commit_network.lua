#!lua
--[[
commit_network: make a staged network the one in force. Markets whose numbers it can alter get a
new epoch and count as rolled out only when their SKUs are recomputed.
Why one script: no reader may see a market of one version with the rules of another.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  request             msgpack base (version, epoch, slice), version, stage (key), epoch, affected (markets),
                                     removed_markets, removed_locations, pending (locations), silent (location,
                                     after ms; whose rules about silence are new), heard (locations that have
                                     none any more), quotas (keys that are gone), author, comment, document
                                     (zlib), versions_max
OUTCOME  DONE                the version, how many positions the roll-out has to look at
OUTCOME  CONFLICT            the version in force
OUTCOME  IN_USE              location, how many reservations hold units there
COST     markets + pending, removed and silent locations + at most 200 versions that are forgotten
]]
--- @include key clock append_ledger reply whole_second silence age_location next_change move_epoch
--- @include show_markets
local request = cmsgpack.unpack(ARGV[3])
local now = clock(ARGV[1])

-- Decide.
local base = redis.call('HMGET', KEYS[1], 'version', 'epoch', 'slice', 'oldest')
for at = 1, 3 do
  if tonumber(base[at] or 0) ~= request.base[at] then
    return reply('CONFLICT', tonumber(base[1] or 0))
  end
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
for _, location in ipairs(request.heard) do
  redis.call('HDEL', key('aged', ''), location)
  age_location(location, nil)
end
for _, silent in ipairs(request.silent) do
  local location, seen_ms = silent[1], tonumber(redis.call('HGET', key('seen', ''), silent[1]) or nil)
  local level, at_ms = 0, nil
  if seen_ms then
    level, at_ms = silence(silent[2], seen_ms, now)
  end
  redis.call('HSET', key('aged', ''), location, level)
  age_location(location, at_ms)
end
for first = 1, #request.quotas, 1000 do
  redis.call('HDEL', key('q', ''), unpack(request.quotas, first, math.min(first + 999, #request.quotas)))
end
redis.call('HSET', key('n:', request.version), 'document', request.document, 'author', request.author,
  'comment', request.comment, 'apply_ms', now)
local oldest = tonumber(base[4] or 1)
local kept = math.max(oldest, math.min(request.version - request.versions_max + 1, oldest + 200))
for version = oldest, kept - 1 do
  redis.call('UNLINK', key('n:', version))
end
redis.call('HSET', KEYS[1], 'apply_ms', now, 'slice', 0, 'oldest', kept, 'next_ms', next_change())
local affected = {}
for _, market in ipairs(request.affected) do
  affected[market] = true
end
local positions = move_epoch(request.pending, request.epoch)
for _, market in ipairs(request.removed_markets) do
  redis.call('UNLINK', key('v:', market))
end
show_markets(affected, positions)
append_ledger({ 'NETWORK', '', '', request.version, '', request.author }, now, {})
return reply('DONE', { request.version, positions })
