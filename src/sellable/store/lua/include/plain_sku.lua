-- What the short ways know of a SKU: its numbers, and as they are stored the positions at some locations, from
-- place 5 of the second value on. nil where that would not do: it has no position, or a quota limits it.
local function plain_sku(sku, locations)
  local name = key('k:', sku)
  local raw = redis.call('HMGET', name, ':e', ':m', ':o', ':c', unpack(locations))
  local overrides = raw[3] and cmsgpack.unpack(raw[3]) or nil
  if not raw[1] or not raw[2] or (overrides and overrides[3] and next(overrides[3])) then
    return nil
  end
  local state = { sku = sku, key = name, epoch = tonumber(raw[1]), flat = cmsgpack.unpack(raw[2]),
    overrides = overrides, version = raw[4] or 0, touched = {}, rules = {}, parts = {} }
  return state, raw
end
