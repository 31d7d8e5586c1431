-- How many periods a location's feed has been silent for, at most 100, and when that next changes:
-- nil for never by itself. Its silence begins with a whole second.
local function silence(after_ms, seen_ms, now)
  seen_ms = whole_second(seen_ms)
  local level = math.max(0, math.min(100, math.floor((now - seen_ms) / after_ms)))
  return level, level < 100 and seen_ms + (level + 1) * after_ms or nil
end
