-- A location as the network compiled it: enabled, default safety stock and recall, five values for each
-- market that sells from it (market, buffer units, buffer basis points, buffer floor, cap), and, where
-- its feed may fall silent, what is kept back then (after ms, units, basis points, floor) with the level
-- of its silence. nil: the network does not have it. Locations that are compiled alike, and whose feeds
-- are as old, share one table.
local locations = {}
local compiled = {}

local function location_of(name)
  local location = locations[name]
  if location == nil then
    local packed = redis.call('HGET', KEYS[1], 'l:' .. name)
    location = packed and compiled[packed] or false
    if packed and not location then
      local fields = cmsgpack.unpack(packed)
      local stale = fields[5] and #fields[5] > 0 and fields[5] or nil
      local level = stale and tonumber(redis.call('HGET', key('aged', ''), name) or 0) or 0
      local same = stale and packed .. level or packed
      location = compiled[same]
        or { enabled = fields[1] == 1, safety = fields[2], markets = fields[3], blocked = fields[4] or 0,
          stale = stale, level = level }
      compiled[same] = location
    end
    locations[name] = location
  end
  return location or nil
end
