-- The working copy of a SKU, made from what is stored of it. Scripts change copies and write them by
-- flush_sku, so a refusal after a change in memory leaves the store as it was.
--   flat     four values a market: name, supply (signed), on hand, number shown
--   epoch    the network epoch that flat is computed under; nil for a SKU that has no position yet
--   touched  the markets whose terms changed: where in flat, by the markets of which location, and in
--            rules at which of its five values
--   changes  of a copy that look_at began: supply and on hand that flat does not have yet, by the markets of
--            a location
--   version  counts the writes, so that verify can tell whether two reads saw the same state
--   bases    what base_of says, by location; based names those that changed
--   facts    the deltas that are kept, by place: see facts_of
--   capacity whether it is no SKU but the days of a location: it is in no market, and never overcommitted
--   values   other fields that changed, as they are stored; writes are commands that wait for flush_sku
-- A copy that look_at began (`partial`) is completed.
local skus = {}

local function new_sku(sku, epoch, flat, overrides, item, version)
  local state = skus[sku]
  if not state then
    state = { sku = sku, key = key('k:', sku), positions = {}, bases = {}, based = {} }
    skus[sku] = state
  end
  state.partial = nil
  state.capacity = string.sub(sku, 1, 9) == 'capacity:'
  state.epoch = tonumber(epoch or nil)
  state.flat = flat and cmsgpack.unpack(flat) or {}
  state.overrides = overrides and cmsgpack.unpack(overrides) or nil
  state.item = item and cmsgpack.unpack(item) or nil
  state.version = tonumber(version or 0)
  state.dirty, state.touched, state.rules, state.entries = {}, {}, {}, {}
  state.facts, state.values, state.writes = {}, {}, {}
  return state
end
