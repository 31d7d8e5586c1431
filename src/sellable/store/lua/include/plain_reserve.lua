-- The short way of a usual sale, or of its refusal: lines of different SKUs that may be taken anywhere, of stock
-- that is there, under a network that holds, with nothing due on them. nil, and nothing written, where any of that
-- is not so. Leaves in the store what the general way would.
local function plain_reserve(request, now)
  -- Decide.
  local market, id = request.market, request.reservation_id
  if request.replaces_reservation_id ~= '' or request.accept_backorder_until_ms > 0 then
    return nil
  end
  local net = redis.call('HMGET', KEYS[1], 'next_ms', 'm:' .. market, 'o:' .. market .. ':0')
  if not net[2] or (net[1] and now >= tonumber(net[1])) then
    return nil
  end
  local epoch = cmsgpack.unpack(net[2])[1]
  packed_chunks[0] = net[3]
  -- Few positions are read along with the numbers; in a wide market a refusal would pay for many.
  local near = net[3] and #net[3] <= 100 and cmsgpack.unpack(net[3]) or {}
  local due = redis.call('ZRANGEBYSCORE', key('x', ''), '-inf', now, 'LIMIT', 0, 1)[1]
  local states, lines, short, allocations, total = {}, {}, {}, 0, 0
  for at, line in ipairs(request.lines) do
    local sku = line.sku
    if line.location ~= '' or states[sku]
      or (due and redis.call('ZRANGEBYSCORE', key('h:', sku), '-inf', now, 'LIMIT', 0, 1)[1]) then
      return nil
    end
    local state, raw = plain_sku(sku, near)
    if not state or state.epoch < epoch then
      return nil
    end
    local index = find_market(state, market, 1)
    local granted = math.min(line.quantity, index and state.flat[index + 3] or 0)
    if granted > 0 then
      granted = granted - plain_parts(state, market, granted, raw, #near)
    end
    if granted < line.quantity then
      short[#short + 1], short[#short + 2] = at - 1, granted
    end
    states[sku], allocations, total = state, allocations + #state.parts, total + granted
    lines[at] = { line_id = line.line_id, sku = sku, requested = line.quantity, granted = granted, location = '',
      allocations = {} }
  end
  if allocations >= request.allocations_max then
    return nil
  end
  if #short > 0 and not (request.allow_partial and total > 0) then
    return { 'SHORT', cmsgpack.pack(short) }
  end

  -- Apply.
  local number, expire_ms = redis.call('INCR', key('number', '')), now + request.ttl_ms
  local locations = {}
  for _, line in ipairs(lines) do
    local state = states[line.sku]
    for at, part in ipairs(state.parts) do
      line.allocations[at] = { location = part.location, open = part.quantity, fulfilled = 0, released = 0,
        expired = 0 }
      locations[part.location] = true
    end
    if line.granted > 0 then
      write_parts(state, 'HELD', id, now)
      redis.call('ZADD', key('i:k:', line.sku), number, id)
      redis.call('ZADD', key('h:', line.sku), expire_ms, id)
    end
  end
  for location in pairs(locations) do
    redis.call('ZADD', key('i:l:', location), number, id)
  end
  flush_numbers()
  local reservation = cmsgpack.pack({ reservation_id = id, market = market, state = 'HELD',
    order_reference = request.order_reference, create_ms = now, update_ms = now, expire_ms = expire_ms, confirm_ms = 0,
    number = number, lines = lines, fingerprint = request.fingerprint, requests = {}, request_count = 0 })
  redis.call('SET', key('r:', id), reservation)
  redis.call('ZADD', key('i:s:', 'HELD'), number, id)
  redis.call('ZADD', key('x', ''), expire_ms, id)
  if request.order_reference ~= '' then
    redis.call('ZADD', key('i:o:', request.order_reference), number, id)
  end
  return { 'HELD', reservation, ledger_position }
end
