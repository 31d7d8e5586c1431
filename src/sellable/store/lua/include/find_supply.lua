-- What is known of a supply that a fact speaks of; a blank one for a supply that none spoke of before, which
-- the caller adds. Those that were closed, and last heard of, longer ago than the retention make room: no
-- repeat of what was said of them is taken any more. Returns nil where the SKU has too many.
local function find_supply(state, place, supplies_max, now, retention_ms)
  local supplies = load_supplies(state)
  if supplies[place] then
    return supplies[place]
  end
  local count = 0
  for name, supply in pairs(supplies) do
    local latest_us = math.max(supply.closed_ms * 1000, supply.heard_us)
    if supply.closed_ms > 0 and latest_us < (now - retention_ms) * 1000 then
      local member = name .. ':' .. state.sku
      state.writes[#state.writes + 1] = { 'HDEL', state.key, name }
      state.writes[#state.writes + 1] = { 'UNLINK', key('d:', member), key('f:', member) }
      record(state, 'FORGOTTEN', name, 0)
      supplies[name], state.positions[name], state.dirty[name], state.facts[name] = nil, false, nil, nil
      facts_of(state, name, true)
      state.forgets = true
    else
      count = count + 1
    end
  end
  if count >= supplies_max then
    return nil
  end
  return { quantity = 0, received = 0, final = false, expect_ms = 0, pool = 0, observe_us = 0, sequence = 0,
    event_id = '', source = '', closed_ms = 0, heard_us = 0 }
end
