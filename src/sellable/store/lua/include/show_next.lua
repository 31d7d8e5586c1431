-- Tells the readers of a market by write_all that numbers may change by themselves at a moment that is earlier
-- than the one they know.
local moments = {}

local function show_next(market, at_ms)
  local view = key('v:', market)
  local head, next_ms, rest = string.match(redis.call('HGET', view, '\1'), '^(%d+ %d+ %d+ %d+) (%d+)(.*)$')
  next_ms = math.min(tonumber(next_ms), moments[market] or 9007199254740991)
  if at_ms < next_ms then
    moments[market] = at_ms
    later({ 'HSET', view, '\1', string.format('%s %.0f%s', head, at_ms, rest) })
  end
end
