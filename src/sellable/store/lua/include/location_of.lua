-- A location as the network compiled it: enabled, default safety stock, and five values for each
-- market that sells from it (market, buffer units, buffer basis points, buffer floor, cap).
-- nil: the network does not have it.
local locations = {}

local function location_of(name)
  local location = locations[name]
  if location == nil then
    local packed = redis.call('HGET', KEYS[1], 'l:' .. name)
    location = false
    if packed then
      local fields = cmsgpack.unpack(packed)
      location = { enabled = fields[1] == 1, safety = fields[2], markets = fields[3] }
    end
    locations[name] = location
  end
  return location or nil
end
