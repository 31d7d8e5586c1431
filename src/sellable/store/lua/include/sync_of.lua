-- The full count of a location that goes on, or the last one, by field as texts; empty without any.
--   source, sync_id, token  whose it is, and which call of the client goes on with it
--   observe_us, net         when it was true; 1 if reserved units are left out
--   duplicates              what becomes of a SKU that several rows name: reject, sum or last
--   state                   OPEN, then ROWS and REST while it is applied, then DONE
--   rows, rejected, merged  how many rows were added, refused, and added to another one
--   refused, rejected_skus  SKUs whose positions are left as they are: how many, and the first 100
--   touched_ms, cursor      when it last went on, and where the walk of ROWS or REST is
--   engine                  which run of the engine the cursor of REST is of
--   applied, unchanged, stale, zeroed   what became of the rows, and of the rest
local function sync_of(location)
  local raw = redis.call('HGETALL', key('sync:', location))
  local sync = {}
  for at = 1, #raw, 2 do
    sync[raw[at]] = raw[at + 1]
  end
  return sync
end
