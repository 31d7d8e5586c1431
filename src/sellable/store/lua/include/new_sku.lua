-- The working copy of a SKU, made from what is stored of it. Scripts change copies and write them by
-- flush_sku, so a refusal after a change in memory leaves the store as it was.
--   flat     four values a market: name, supply (signed), on hand, number shown
--   epoch    the network epoch that flat is computed under; nil for a SKU that has no position yet
--   touched  the markets whose terms changed: where in flat, by the markets of which location, and in
--            rules at which of its five values
--   version  counts the writes, so that verify can tell whether two reads saw the same state
--   bases    what base_of says, by location; based names those that changed
--   facts    the deltas that are kept, by place: see facts_of
--   values   other fields that changed, as they are stored; writes are commands that wait for flush_sku
-- A copy that look_at began (`partial`) is completed.
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
    bases = {},
    based = {},
    facts = {},
    values = {},
    writes = {},
  }
  local begun = skus[sku]
  if begun then
    begun.partial = nil
    for field, value in pairs(state) do
      begun[field] = begun[field] or value
    end
    return begun
  end
  skus[sku] = state
  return state
end
