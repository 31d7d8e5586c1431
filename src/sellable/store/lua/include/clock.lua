-- The store owns the clock. Tests and replays hand in their own time; 0 asks the engine, whose
-- TIME stands still while a script runs.
local function clock(now_ms)
  now_ms = tonumber(now_ms)
  if now_ms > 0 then
    return now_ms
  end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
