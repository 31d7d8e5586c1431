-- Notes that feeds of locations were heard of, by the newest observation time of each, and what
-- follows for those that keep more back while they are silent: when the next period is over, or
-- that the end of a silence is to be seen to. Where that comes newer than what was expected
-- of the location, the readers of its markets are told. It is written by write_all.
local function note_seen(newest, now)
  local next_ms = nil
  for location, observe_us in pairs(newest) do
    local seen_ms = math.min(now, math.floor(observe_us / 1000))
    local place = location_of(location)
    local newer = seen_ms > tonumber(redis.call('HGET', key('seen', ''), location) or -1)
    if newer then
      later({ 'HSET', key('seen', ''), location, seen_ms })
    end
    if newer and place.stale then
      local level, at_ms = silence(place.stale[1], seen_ms, now)
      at_ms = level == place.level and at_ms or whole_second(now)
      local expected_ms = redis.call('ZSCORE', key('aging', ''), location)
      later({ 'ZADD', key('aging', ''), at_ms, location })
      next_ms = next_ms or tonumber(redis.call('HGET', KEYS[1], 'next_ms'))
      if at_ms < next_ms then
        next_ms = at_ms
        later({ 'HSET', KEYS[1], 'next_ms', at_ms })
      end
      for at = 1, at_ms < tonumber(expected_ms or 9007199254740991) and #place.markets or 0, 5 do
        show_next(place.markets[at], at_ms)
      end
    end
  end
end
