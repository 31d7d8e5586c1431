-- The working copy of a SKU, made from what is stored of it. Scripts change copies and write them by
-- flush_sku, so a refusal after a change in memory leaves the store as it was.
--   flat     four values a market: name, supply (signed), on hand, number shown
--   epoch    the network epoch that flat is computed under; nil for a SKU that has no position yet
--   touched  the markets whose terms changed: where in flat, by the markets of which location, and in
--            rules at which of its five values
--   version  counts the writes, so that verify can tell whether two reads saw the same state
local skus = {}

local function new_sku(sku, epoch, flat, overrides, item, version)
  local state = {
    sku = sku,
    key = key('k:', sku),
    epoch = tonumber(epoch or nil),
    flat = flat and cmsgpack.unpack(flat) or {},
    overrides = overrides and cmsgpack.unpack(overrides) or nil,
    item = item and cmsgpack.unpack(item) or nil,
    version = tonumber(version or 0),
    positions = {},
    dirty = {},
    touched = {},
    rules = {},
    entries = {},
  }
  skus[sku] = state
  return state
end
