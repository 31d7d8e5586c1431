-- The working copy of a SKU; its positions are read where they are needed.
local function load_sku(sku)
  local state = skus[sku]
  if state and not state.partial then
    return state
  end
  return new_sku(sku, unpack(redis.call('HMGET', key('k:', sku), ':e', ':m', ':o', ':i', ':c')))
end
