-- How many orders a location can still take on a day, by the capacity that the network gives it now; a position
-- of a day has what was used as negative on hand, so that a change of the network changes nothing there.
local function capacity_left(sku, location)
  local packed = redis.call('HGET', KEYS[1], 'd:' .. location)
  if not packed then
    return math.huge
  end
  local position = position_of(load_sku(sku), location) or { 0, 0 }
  return cmsgpack.unpack(packed) + position[1] - position[2]
end
