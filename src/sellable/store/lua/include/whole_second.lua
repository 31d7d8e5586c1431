-- The next whole second: what feeds do by themselves is seen to once a second, so that thousands of
-- them, one after the other, do not change the network more often than it can be read.
local function whole_second(at_ms)
  return math.ceil(at_ms / 1000) * 1000
end
