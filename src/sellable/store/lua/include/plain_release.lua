-- The short way to give a whole reservation back: it has no plan, no line of it is of a quota, has waited or was
-- shipped, no two are of one SKU, no position is overcommitted. nil, and nothing written, for others. Leaves in the
-- store what the general way would.
local function plain_release(request, packed, now, retention_ms)
  -- Decide.
  if #request.parts > 0 or request.request_id ~= '' or request.refusal ~= '' then
    return nil
  end
  local id, reservation = request.reservation_id, cmsgpack.unpack(packed)
  local held, states = reservation.state == 'HELD', {}
  if reservation.ship_by_ms or (not (held and reservation.expire_ms > now) and reservation.state ~= 'CONFIRMED') then
    return nil
  end
  for _, line in ipairs(reservation.lines) do
    local names = {}
    for at, allocation in ipairs(line.allocations) do
      if allocation.open == 0 or allocation.fulfilled > 0 then
        return nil
      end
      names[at] = allocation.location
    end
    local state, raw = plain_sku(line.sku, names)
    if not state or states[line.sku] or line.quotas then
      return nil
    end
    states[line.sku] = state
    for at, allocation in ipairs(line.allocations) do
      local place, quantity = location_of(names[at]), allocation.open
      if not place then -- it waits for a supply
        return nil
      end
      local on_hand, reserved, safety, blocked = cmsgpack.unpack(raw[4 + at])
      local before, overcommitted = units(place, on_hand, reserved, safety, blocked)
      if overcommitted > 0 then
        return nil
      end
      local after = units(place, on_hand, reserved - quantity, safety, blocked)
      state.parts[at] = { location = names[at], quantity = -quantity, markets = place.markets,
        supply = place.enabled and after - before or 0,
        position = cmsgpack.pack(on_hand, reserved - quantity, safety, blocked) }
      allocation.open, allocation.released = 0, allocation.released + quantity
    end
  end

  -- Apply.
  local locations = {}
  for _, line in ipairs(reservation.lines) do
    local state = states[line.sku]
    for _, part in ipairs(state.parts) do
      locations[part.location] = true
    end
    if state.parts[1] then
      write_parts(state, 'RELEASED', id, now)
      redis.call('ZREM', key('i:k:', line.sku), id)
    end
    if state.parts[1] and held then
      redis.call('ZREM', key('h:', line.sku), id)
    end
  end
  for location in pairs(locations) do
    redis.call('ZREM', key('i:l:', location), id)
  end
  flush_numbers()
  redis.call('ZREM', key('i:s:', reservation.state), id)
  redis.call('ZADD', key('i:s:', 'RELEASED'), reservation.number, id)
  reservation.state, reservation.update_ms = 'RELEASED', now
  local released = cmsgpack.pack(reservation)
  redis.call('SET', key('r:', id), released)
  if held then
    redis.call('ZREM', key('x', ''), id)
  end
  redis.call('ZADD', key('c', ''), now + retention_ms, id)
  return reply('DONE', nil, released)
end
