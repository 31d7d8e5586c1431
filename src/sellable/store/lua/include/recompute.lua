-- Computes a SKU anew from its positions and the network of this moment: safety stocks, overrides,
-- supplies, and the number of every market. Locations that are compiled alike are summed first, so
-- the work is the positions, and the markets of each kind of location. Markets that lost their last
-- position forget the SKU. Returns the work.
local network_epoch = nil

local function recompute(state)
  local rules, recalls = adopt_rules(state)
  local shown, facts, names = {}, {}, {}
  for at = 1, #state.flat, 4 do
    shown[state.flat[at]] = state.flat[at + 3]
  end
  for name, packed in pairs(state.fields or stored_fields(state.sku)) do
    if not string.find(name, ':', 1, true) then
      names[#names + 1] = name
      state.positions[name] = { cmsgpack.unpack(packed) }
    elseif string.sub(name, 1, 2) == 's:' then
      facts[string.sub(name, 3)] = cmsgpack.unpack(packed)
    end
  end
  local sums = {}
  for _, name in ipairs(names) do
    local place, position = location_of(name), state.positions[name]
    if place then
      local safety = facts[name] or rules[name] or place.safety
      local blocked = position[4] % 2 + 2 * (recalls[name] or place.blocked)
      if safety ~= position[3] or blocked ~= position[4] then
        position[3], position[4] = safety, blocked
        state.dirty[name] = true
      end
      local sum = sums[place] or { 0, 0 }
      sums[place] = sum
      if place.enabled then
        local available, overcommitted, counted = units(place, position[1], position[2], safety, blocked)
        sum[1] = sum[1] + available - overcommitted
        sum[2] = sum[2] + counted
      end
    end
  end
  state.flat, state.index, state.touched, state.rules, state.rewrite = {}, nil, {}, {}, true
  local work = 1 + #names
  for place, sum in pairs(sums) do
    add_supply(state, place, sum[1], sum[2])
    work = work + #place.markets / 5
  end
  for at = 1, #state.flat, 4 do
    state.flat[at + 3] = shown[state.flat[at]] or -1
    shown[state.flat[at]] = nil
  end
  state.lost = {}
  for market in pairs(shown) do
    state.lost[#state.lost + 1] = market
    state.lost[#state.lost + 1] = -1
  end
  network_epoch = network_epoch or tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
  state.epoch = network_epoch
  record(state, 'NETWORK', '', 0)
  return work
end
