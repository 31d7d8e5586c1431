-- Writes a working copy: positions, supplies, view, overcommitments and ledger together. The
-- markets whose number changed go with the SKU's last ledger entry; a recompute that changes none
-- leaves none. Of a copy that look_at began only bases can have changed.
local rebased = {}

local function flush_sku(state, now)
  local fields = {}
  for location in pairs(state.based) do
    fields[#fields + 1] = 'b:' .. location
    fields[#fields + 1] = cmsgpack.pack(unpack(state.bases[location]))
  end
  if #fields > 0 then
    rebased[#rebased + 1] = state.sku
  end
  state.based = {}
  if state.partial then
    if #fields > 0 then
      redis.call('HSET', state.key, unpack(fields))
    end
    return
  end
  for field, value in pairs(state.values) do
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  for _, write in ipairs(state.writes) do
    redis.call(unpack(write))
  end
  state.values, state.writes = {}, {}
  if not next(state.dirty) and not state.rules_dirty and #state.entries == 0 then
    if #fields > 0 then
      redis.call('HSET', state.key, unpack(fields))
    end
    return
  end
  local changed = show_numbers(state)
  state.version = state.version + 1
  for _, value in ipairs(state.capacity and { ':c', state.version }
    or { ':c', state.version, ':e', state.epoch or 0, ':m', cmsgpack.pack(state.flat) }) do
    fields[#fields + 1] = value
  end
  for location in pairs(state.dirty) do
    local position = state.positions[location]
    fields[#fields + 1] = location
    fields[#fields + 1] = cmsgpack.pack(position[1], position[2], position[3], position[4])
  end
  if state.rules_dirty then
    if state.overrides then
      fields[#fields + 1] = ':o'
      fields[#fields + 1] = cmsgpack.pack(state.overrides)
    else
      redis.call('HDEL', state.key, ':o')
    end
  end
  flush_supplies(state, fields, now)
  for first = 1, #fields, 1000 do
    redis.call('HSET', state.key, unpack(fields, first, math.min(first + 999, #fields)))
  end
  for location, overcommitted in pairs(state.overcommitted or {}) do
    local member = location .. ':' .. state.sku
    if overcommitted > 0 then
      redis.call('ZADD', key('o', ''), overcommitted, member)
      record(state, 'OVERCOMMITTED', location, overcommitted)
    else
      redis.call('ZREM', key('o', ''), member)
      record(state, 'OVERCOMMITMENT_CLEARED', location, 0)
    end
  end
  for at, entry in ipairs(state.entries) do
    if entry[1] ~= 'NETWORK' or #changed > 0 then
      append_ledger(entry, now, at == #state.entries and changed or {})
    end
  end
  state.dirty, state.touched, state.rules, state.entries = {}, {}, {}, {}
  state.overcommitted, state.rules_dirty, state.rewrite, state.lost = nil, nil, nil, nil
end
