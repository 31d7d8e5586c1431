-- Makes a full count the floor of its location, unless a greater one is: what has no position there
-- was not there when it was counted. The rows come first and the positions that no row names after it,
-- so that there is no moment at which a new position is under neither.
local function raise_floor(sync, location)
  local floor = redis.call('HGET', key('counted', ''), location)
  local observe_us, sequence, event_id, source = cmsgpack.unpack(floor or cmsgpack.pack(0, 0, '', ''))
  if is_older(observe_us, sequence, event_id, source, sync) then
    local packed = cmsgpack.pack(tonumber(sync.observe_us), 0, sync.sync_id, sync.source)
    redis.call('HSET', key('counted', ''), location, packed)
  end
end
