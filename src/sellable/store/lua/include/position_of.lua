-- A position of the working copy: on hand, reserved, safety stock, blocked (1 by a fact + 2 by a
-- rule); nil if none.
local function position_of(state, location)
  local position = state.positions[location]
  if position == nil then
    local packed = redis.call('HGET', state.key, location)
    position = packed and { cmsgpack.unpack(packed) } or false
    state.positions[location] = position
  end
  return position or nil
end
