-- The working copy of a SKU with what a count or delta needs first: a position and its base, by one
-- question. What the SKU has in its markets is read where a number changes: most counts change none.
local function look_at(sku, location)
  local state = skus[sku]
  if not state then
    state = { sku = sku, key = key('k:', sku), positions = {}, bases = {}, based = {}, partial = true }
    skus[sku] = state
  end
  if state.bases[location] == nil then
    local raw = redis.call('HMGET', state.key, location, 'b:' .. location)
    if state.positions[location] == nil then
      state.positions[location] = raw[1] and { cmsgpack.unpack(raw[1]) } or false
    end
    state.bases[location] = raw[2]
  end
  return state
end
