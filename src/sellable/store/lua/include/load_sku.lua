-- The working copy of a SKU. Scripts change copies and write them by flush_sku, so a refusal after
-- a change in memory leaves the store as it was.
--   flat     four values a market: name, supply (signed), on hand, number shown
--   epoch    the network epoch that flat is computed under; nil for a SKU that has no position yet
--   touched  the markets whose terms changed: where in flat, by the markets of which location, and in
--            rules at which of its five values
--   version  counts the writes, so that verify can tell whether two reads saw the same state
local skus = {}

local function load_sku(sku)
  local state = skus[sku]
  if state then
    return state
  end
  local name = key('k:', sku)
  local raw = redis.call('HMGET', name, ':e', ':m', ':o', ':i', ':c')
  state = {
    sku = sku,
    key = name,
    epoch = tonumber(raw[1] or nil),
    flat = raw[2] and cmsgpack.unpack(raw[2]) or {},
    overrides = raw[3] and cmsgpack.unpack(raw[3]) or nil,
    item = raw[4] and cmsgpack.unpack(raw[4]) or nil,
    version = tonumber(raw[5] or 0),
    positions = {},
    dirty = {},
    touched = {},
    rules = {},
    entries = {},
  }
  skus[sku] = state
  return state
end
