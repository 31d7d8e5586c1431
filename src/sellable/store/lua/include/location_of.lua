-- A location as the network compiled it: enabled, default safety stock, and five values for each
-- market that sells from it (market, buffer units, buffer basis points, buffer floor, cap).
-- nil: the network does not have it. Locations that are compiled alike share one table.
local locations = {}
local compiled = {}

local function location_of(name)
  local location = locations[name]
  if location == nil then
    local packed = redis.call('HGET', KEYS[1], 'l:' .. name)
    location = packed and compiled[packed] or false
    if packed and not location then
      local fields = cmsgpack.unpack(packed)
      location = { enabled = fields[1] == 1, safety = fields[2], markets = fields[3] }
      compiled[packed] = location
    end
    locations[name] = location
  end
  return location or nil
end
