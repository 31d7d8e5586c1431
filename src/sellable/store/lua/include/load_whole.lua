-- The working copy of a SKU that is about to be computed anew, with everything that is stored of it in
-- `fields`: one question to the store instead of two.
local function load_whole(sku)
  local fields = stored_fields(sku)
  local state = new_sku(sku, fields[':e'], fields[':m'], fields[':o'], fields[':i'], fields[':c'])
  state.fields = fields
  return state
end
