-- Makes the SKUs of lines ready to be taken from: expires what is due on them, and writes that, so
-- that no refusal after it can lose it. Returns those that a change of their market's network has
-- not reached, to be refreshed before another try; nil if there are none. Where the network itself
-- is to be switched first, that is all, and none is named.
local function prepare_skus(lines, market, now, retention_ms)
  if network_due(now) then
    return {}
  end
  local packed = redis.call('HGET', KEYS[1], 'm:' .. market)
  local epoch = packed and cmsgpack.unpack(packed)[1] or 0
  local stale, expired = {}, 0
  for _, line in ipairs(lines) do
    local state = load_sku(line.sku)
    if state.epoch and state.epoch < epoch then
      stale[#stale + 1] = line.sku
    end
    if not state.taken then
      state.taken = {}
      expired = expired + expire_due(state, now, retention_ms)
    end
  end
  if expired > 0 then
    flush_all(now)
  end
  return #stale > 0 and stale or nil
end
