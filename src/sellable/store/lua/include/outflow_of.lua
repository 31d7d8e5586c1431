-- Units that left a position, each counting half as much after every 7 days, at a moment in seconds. It is
-- kept as its value at the latest moment at which any left, and that moment.
local function outflow_of(packed, at_s)
  if not packed then
    return 0
  end
  local value, known_s = cmsgpack.unpack(packed)
  return value * 2 ^ ((known_s - at_s) / 604800)
end
