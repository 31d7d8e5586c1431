-- Writes a reservation and the difference in its indexes. One with nothing open is kept until its
-- retention is over, for repeats; one that a late confirm reopens is kept on.
local function store_reservation(reservation, now, retention_ms)
  local id = reservation.reservation_id
  local before = indexed[id] or { skus = {}, locations = {}, waiting = {} }
  local after = holdings(reservation)
  reservation.update_ms = now
  redis.call('SET', key('r:', id), cmsgpack.pack(reservation))
  if before.state ~= after.state then
    if before.state then
      redis.call('ZREM', key('i:s:', before.state), id)
    end
    redis.call('ZADD', key('i:s:', after.state), reservation.number, id)
  end
  for sku in pairs(before.skus) do
    if before.state == 'HELD' and not (after.state == 'HELD' and after.skus[sku]) then
      redis.call('ZREM', key('h:', sku), id)
    end
    if not after.skus[sku] then
      redis.call('ZREM', key('i:k:', sku), id)
    end
  end
  for sku in pairs(after.skus) do
    if not before.skus[sku] then
      redis.call('ZADD', key('i:k:', sku), reservation.number, id)
    end
    if after.state == 'HELD' and not (before.skus[sku] and before.expire_ms == after.expire_ms) then
      redis.call('ZADD', key('h:', sku), reservation.expire_ms, id)
    end
  end
  for location in pairs(before.locations) do
    if not after.locations[location] then
      redis.call('ZREM', key('i:l:', location), id)
    end
  end
  for location in pairs(after.locations) do
    if not before.locations[location] then
      redis.call('ZADD', key('i:l:', location), reservation.number, id)
    end
  end
  for supply in pairs(before.waiting) do
    if not after.waiting[supply] then
      redis.call('ZREM', key('i:w:', supply), id)
    end
  end
  for supply in pairs(after.waiting) do
    if not before.waiting[supply] then
      redis.call('ZADD', key('i:w:', supply), reservation.number, id)
    end
  end
  if after.state == 'HELD' then
    redis.call('ZADD', key('x', ''), reservation.expire_ms, id)
  elseif before.state == 'HELD' then
    redis.call('ZREM', key('x', ''), id)
  end
  if not next(after.skus) then
    redis.call('ZADD', key('c', ''), now + retention_ms, id)
  elseif before.state and not next(before.skus) then
    redis.call('ZREM', key('c', ''), id)
  end
  if reservation.ship_by_ms then
    if reservation.ship_by_ms > 0 and next(after.skus) then
      redis.call('ZADD', key('shipby', ''), reservation.ship_by_ms, id)
    else
      redis.call('ZREM', key('shipby', ''), id)
    end
    if not next(after.skus) then
      redis.call('ZREM', key('escalated', ''), id)
    end
  end
  indexed[id] = after
end
