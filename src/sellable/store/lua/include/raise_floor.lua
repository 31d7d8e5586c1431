-- Makes a full count the floor of its location, unless a greater one is: what has no position there
-- was not there when it was counted. The rows come first and the positions that no row names after it,
-- so that there is no moment at which a new position is under neither.
local function raise_floor(sync, location)
  local floor = redis.call('HGET', key('counted', ''), location)
  if is_older(floor and { 0, cmsgpack.unpack(floor) }, sync) then
    local packed = cmsgpack.pack(tonumber(sync.observe_us), 0, sync.sync_id, sync.source)
    redis.call('HSET', key('counted', ''), location, packed)
  end
end
