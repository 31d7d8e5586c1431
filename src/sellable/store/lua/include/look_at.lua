-- The working copy of a SKU with what a count or delta needs first: a position and its base; for as many rows
-- as follow about the same SKU by one question. What the SKU has in its markets is read where a number changes:
-- most counts change none.
local function look_at(sku, location, rows, at)
  local state = skus[sku]
  if not state then
    state = { sku = sku, key = key('k:', sku), positions = {}, bases = {}, based = {}, changes = {}, partial = true }
    skus[sku] = state
  end
  local positions, bases = state.positions, state.bases
  if bases[location] == nil then
    local places, fields = { location }, { location, 'b:' .. location }
    local row = rows and rows[at + 1]
    while row and row[4] == sku and row[1] ~= 'refused' and #places < 100 do
      local place = row[5]
      places[#places + 1] = place
      fields[#fields + 1] = place
      fields[#fields + 1] = 'b:' .. place
      row = rows[at + #places]
    end
    local raw = redis.call('HMGET', state.key, unpack(fields))
    for index, place in ipairs(places) do
      if positions[place] == nil then
        local packed = raw[2 * index - 1]
        positions[place] = packed and { cmsgpack.unpack(packed) } or false
      end
      if bases[place] == nil then
        bases[place] = raw[2 * index]
      end
    end
  end
  return state
end
