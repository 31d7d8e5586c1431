-- Tells the readers of every market what holds from now on: complete epoch version threshold next_ms
-- limited horizon_ms. Affected markets are incomplete where there are positions to look at.
local function show_markets(affected, positions)
  local raw = redis.call('HMGET', KEYS[1], 'version', 'next_ms', 'markets')
  for _, market in ipairs(raw[3] and cmsgpack.unpack(raw[3]) or {}) do
    local meta = redis.call('HGET', key('v:', market), '\1')
    local complete = meta and string.sub(meta, 1, 1) or '1'
    if affected[market] and positions > 0 then
      complete = '0'
    end
    local fields = cmsgpack.unpack(redis.call('HGET', KEYS[1], 'm:' .. market))
    redis.call('HSET', key('v:', market), '\1', string.format('%s %.0f %.0f %.0f %.0f %.0f %.0f', complete,
      fields[1], raw[1], fields[2], raw[2], fields[5] or 0, fields[4] or 0))
  end
end
