-- Notes that units left a position for good: what was kept of it, decayed to the later of the two moments, and
-- what leaves now. So the sum is the same in whatever order the facts arrive.
local function note_outflow(state, location, quantity, observe_us)
  local field, at_s = 'o:' .. location, math.floor(observe_us / 1000000)
  local packed = state.values[field] or redis.call('HGET', state.key, field)
  if packed then
    local value, known_s = cmsgpack.unpack(packed)
    if at_s >= known_s then
      quantity = quantity + outflow_of(packed, at_s)
    else
      quantity, at_s = value + quantity * 2 ^ ((at_s - known_s) / 604800), known_s
    end
  end
  state.values[field] = cmsgpack.pack(quantity, at_s)
end
