-- Puts locations into the roll-out of an epoch. Returns how many positions it has to look at there.
local function move_epoch(locations, epoch)
  local positions = 0
  for _, location in ipairs(locations) do
    local count = redis.call('SCARD', key('l:', location))
    if count > 0 then
      redis.call('ZADD', key('pending', ''), epoch, location)
      positions = positions + count
    end
  end
  if positions > 0 then
    local left = redis.call('HMGET', key('rollout', ''), 'total', 'done')
    redis.call('HSET', key('rollout', ''), 'total', positions + (left[1] or 0) - (left[2] or 0), 'done', 0)
  end
  return positions
end
