-- Notes that feeds of locations were heard of, by the newest observation time of each, and what
-- follows for those that keep more back while they are silent: when the next period is over, or
-- that the end of a silence is to be seen to at once. Readers are told if that comes earlier than all
-- that was expected.
local function note_seen(newest, now)
  for location, observe_us in pairs(newest) do
    local seen_ms = math.min(now, math.floor(observe_us / 1000))
    if seen_ms > tonumber(redis.call('HGET', key('seen', ''), location) or -1) then
      redis.call('HSET', key('seen', ''), location, seen_ms)
      local place = location_of(location)
      local at_ms
      if place.stale then
        local level
        level, at_ms = silence(place.stale[1], seen_ms, now)
        at_ms = level == place.level and at_ms or now
        age_location(location, at_ms)
      end
      if at_ms and at_ms < tonumber(redis.call('HGET', KEYS[1], 'next_ms') or 9007199254740991) then
        redis.call('HSET', KEYS[1], 'next_ms', at_ms)
        for at = 1, #place.markets, 5 do
          local view = key('v:', place.markets[at])
          local meta = redis.call('HGET', view, '\1')
          local sooner = string.gsub(meta, '^(%d+ %d+ %d+ %d+) %d+', string.format('%%1 %.0f', at_ms))
          redis.call('HSET', view, '\1', sooner)
        end
      end
    end
  end
end
