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
local skus = {}

local function new_sku(sku, epoch, flat, overrides, item, version)
  local state = skus[sku]
  if not state then
    state = { sku = sku, key = key('k:', sku), positions = {}, dirty = {}, touched = {}, rules = {}, entries = {},
      bases = {}, based = {}, facts = {}, values = {}, writes = {} }
    skus[sku] = state
  end
  state.epoch = tonumber(epoch or nil)
  state.flat = flat and cmsgpack.unpack(flat) or {}
  state.overrides = overrides and cmsgpack.unpack(overrides) or nil
  state.item = item and cmsgpack.unpack(item) or nil
  state.version = tonumber(version or 0)
  state.partial = nil
  return state
end
