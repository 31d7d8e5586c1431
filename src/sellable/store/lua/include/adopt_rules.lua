-- Resolves the rules for one SKU: those that name it go before those that name its class; where
-- neither speaks, the defaults of market and location hold. Of quotas, both count. Returns safety stock
-- and recall by location. A network without any rule of that kind says so, and is not asked.
local names_items = nil

local function adopt_rules(state)
  if names_items == nil then
    names_items = redis.call('HGET', KEYS[1], 'items') ~= '0'
  end
  local class = state.item and state.item[2] or ''
  local raw = names_items and redis.call('HMGET', KEYS[1], 'c:' .. class, 'u:' .. state.sku) or {}
  local merged = { {}, {}, {}, {} }
  local quotas = {}
  local found = false
  for source = 1, 2 do
    if raw[source] and not (source == 1 and class == '') then
      local rules = cmsgpack.unpack(raw[source])
      found = true
      for effect = 1, 4 do
        for target, value in pairs(rules[effect] or {}) do
          merged[effect][target] = value
        end
      end
      for market, listed in pairs(rules[5] or {}) do
        quotas[market] = quotas[market] or {}
        for _, quota in ipairs(listed) do
          table.insert(quotas[market], quota)
        end
      end
    end
  end
  state.rules_dirty = found or state.overrides ~= nil
  state.overrides = found and { merged[1], merged[2], quotas } or nil
  return merged[3], merged[4]
end
