-- The short way to confirm a hold that is not due, owed nothing and waits for nothing: no unit moves. nil, and
-- nothing written, for others. Leaves in the store what the general way would.
local function plain_confirm(request, packed, now)
  -- Decide.
  local reservation = cmsgpack.unpack(packed)
  if reservation.state ~= 'HELD' or reservation.expire_ms <= now or string.find(packed, '+', 1, true)
    or owed(reservation) then
    return nil
  end

  -- Apply.
  local id, number, reference = request.reservation_id, reservation.number, reservation.order_reference
  if request.order_reference ~= '' and request.order_reference ~= reference then
    if reference ~= '' then
      redis.call('ZREM', key('i:o:', reference), id)
    end
    reservation.order_reference = request.order_reference
    redis.call('ZADD', key('i:o:', request.order_reference), number, id)
  end
  local written = {}
  for _, line in ipairs(reservation.lines) do
    local sku = line.sku
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 then
        append_ledger({ 'CONFIRMED', sku, allocation.location, allocation.open, id, '' }, now, {})
        if not written[sku] then
          written[sku] = true
          redis.call('HINCRBY', key('k:', sku), ':c', 1)
          redis.call('ZREM', key('h:', sku), id)
        end
      end
    end
  end
  reservation.state, reservation.confirm_ms, reservation.expire_ms, reservation.update_ms = 'CONFIRMED', now, 0, now
  local confirmed = cmsgpack.pack(reservation)
  redis.call('SET', key('r:', id), confirmed)
  redis.call('ZREM', key('i:s:', 'HELD'), id)
  redis.call('ZADD', key('i:s:', 'CONFIRMED'), number, id)
  redis.call('ZREM', key('x', ''), id)
  return reply('DONE', nil, confirmed)
end
