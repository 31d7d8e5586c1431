-- Resolves the rules for one SKU: those that name it go before those that name its class; where
-- neither speaks, the defaults of market and location hold. Returns safety stock by location.
local function adopt_rules(state)
  local class = state.item and state.item[2] or ''
  local raw = redis.call('HMGET', KEYS[1], 'c:' .. class, 'u:' .. state.sku)
  local merged = { {}, {}, {} }
  local found = false
  for source = 1, 2 do
    if raw[source] and not (source == 1 and class == '') then
      local rules = cmsgpack.unpack(raw[source])
      found = true
      for effect = 1, 3 do
        for target, value in pairs(rules[effect]) do
          merged[effect][target] = value
        end
      end
    end
  end
  state.overrides = found and { merged[1], merged[2] } or nil
  state.rules_dirty = true
  return merged[3]
end
