-- Writes what is known of the future supplies of a SKU where one of their positions changed. One that has
-- units for those who wait is noted, so that settle_supply is called whoever dies before.
local function flush_supplies(state, fields, now)
  local changed = state.forgets
  for place in pairs(state.dirty) do
    if string.find(place, '+', 1, true) then
      local supply, position = load_supplies(state)[place], state.positions[place]
      local closed = position[1] == 0 and position[2] == 0
      supply.closed_ms = closed and (supply.closed_ms > 0 and supply.closed_ms or now) or 0
      if supply.pool > 0 and not state.settling then
        redis.call('HINCRBY', key('w', ''), place .. ':' .. state.sku, 1)
      end
      changed = true
    end
  end
  if changed then
    fields[#fields + 1] = ':f'
    fields[#fields + 1] = cmsgpack.pack(state.supplies)
    state.forgets = nil
  end
end
