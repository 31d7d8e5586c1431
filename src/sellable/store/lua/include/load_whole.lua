-- The working copy of a SKU that is about to be computed anew, with everything that is stored of it in
-- `fields`: one question to the store instead of two.
local function load_whole(sku)
  local fields = stored_fields(sku)
  local state = {
    sku = sku,
    key = key('k:', sku),
    epoch = tonumber(fields[':e']),
    flat = fields[':m'] and cmsgpack.unpack(fields[':m']) or {},
    overrides = fields[':o'] and cmsgpack.unpack(fields[':o']) or nil,
    item = fields[':i'] and cmsgpack.unpack(fields[':i']) or nil,
    version = tonumber(fields[':c'] or 0),
    positions = {},
    dirty = {},
    touched = {},
    rules = {},
    entries = {},
    fields = fields,
  }
  skus[sku] = state
  return state
end
