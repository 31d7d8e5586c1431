-- Everything that is stored of a SKU, by field.
local function stored_fields(sku)
  local raw = redis.call('HGETALL', key('k:', sku))
  local fields = {}
  for at = 1, #raw, 2 do
    fields[raw[at]] = raw[at + 1]
  end
  return fields
end
