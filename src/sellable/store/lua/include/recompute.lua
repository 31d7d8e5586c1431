-- Computes a SKU anew from its positions and the network of this moment: safety stocks, overrides,
-- supplies, and the number of every market. Markets that lost their last position forget the SKU.
-- Returns the work: positions times the markets of their locations.
local function recompute(state)
  local rules = adopt_rules(state)
  local raw = redis.call('HGETALL', state.key)
  local shown, facts, names = {}, {}, {}
  for at = 1, #state.flat, 4 do
    shown[state.flat[at]] = state.flat[at + 3]
  end
  for at = 1, #raw, 2 do
    local name = raw[at]
    if string.sub(name, 1, 2) == 's:' then
      facts[string.sub(name, 3)] = cmsgpack.unpack(raw[at + 1])
    elseif not string.find(name, ':', 1, true) then
      names[#names + 1] = name
      state.positions[name] = { cmsgpack.unpack(raw[at + 1]) }
    end
  end
  state.flat, state.index, state.touched, state.rewrite = {}, {}, {}, true
  local work = 1
  for _, name in ipairs(names) do
    local place = location_of(name)
    if place then
      local position = state.positions[name]
      local safety = facts[name] or rules[name] or place.safety
      state.positions[name] = false
      state.dirty[name] = true
      set_position(state, name, position[1], position[2], safety, position[4])
      work = work + 1 + #place.markets / 5
    end
  end
  state.overcommitted = nil
  for at = 1, #state.flat, 4 do
    state.flat[at + 3] = shown[state.flat[at]] or -1
    shown[state.flat[at]] = nil
  end
  for market in pairs(shown) do
    redis.call('HDEL', key('v:', market), state.sku)
  end
  state.epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
  record(state, 'NETWORK', '', 0)
  return work
end
