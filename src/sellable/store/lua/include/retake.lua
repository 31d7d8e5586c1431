-- Takes the units of an expired hold again, in the working copies: where they were, or elsewhere in
-- the market for lines that are free. It respects what is available, not the market's buffer; it
-- takes all or nothing. Returns nil, or a refusal and its detail.
local function retake(reservation, allocations_max, now, retention_ms)
  if redis.call('HEXISTS', KEYS[1], 'm:' .. reservation.market) == 0 then
    return 'EXPIRED', {}
  end
  local stale = prepare_skus(reservation.lines, reservation.market, now, retention_ms)
  if stale then
    return 'STALE', stale
  end
  for _, line in ipairs(reservation.lines) do
    local expired = 0
    for _, allocation in ipairs(line.allocations) do
      expired = expired + allocation.expired
    end
    local left, quotas = quota_left(load_sku(line.sku), reservation.market)
    if left and left < expired then
      return 'EXPIRED', {}
    end
    line.quotas = quotas
    count_quotas(quotas, expired)
  end
  local function allows(location)
    return may_come_to(reservation, location)
  end
  local plan = {}
  for pass = 1, 2 do
    for _, line in ipairs(reservation.lines) do
      local state = load_sku(line.sku)
      for index = 1, line.capacity and 0 or #line.allocations do
        local allocation = line.allocations[index]
        local place = location_of(allocation.location)
        local here = 0
        if place and sells_from(reservation.market, place) then
          here = math.min(allocation.expired, free_at(state, allocation.location))
        elseif allocation.expired > 0 and string.find(allocation.location, '+', 1, true) then
          here = math.min(allocation.expired, promised_at(state, reservation.market, allocation.location))
        end
        if pass == 1 then
          state.taken[allocation.location] = (state.taken[allocation.location] or 0) + here
          plan[#plan + 1] = { line = line, from = allocation, location = allocation.location, quantity = here }
          allocation.missing = allocation.expired - here
        elseif allocation.missing > 0 then
          local parts, missing = {}, allocation.missing
          if line.location == '' then
            parts, missing = bind(state, reservation.market, missing, allocations_max, allows)
          elseif line.location ~= allocation.location and allows(line.location)
            and free_at(state, line.location) >= missing then
            parts, missing = { { location = line.location, quantity = missing } }, 0
            state.taken[line.location] = (state.taken[line.location] or 0) + parts[1].quantity
          end
          if missing > 0 then
            return next(more_due) and 'MORE_DUE' or 'EXPIRED', { (next(more_due)) }
          end
          for _, part in ipairs(parts) do
            plan[#plan + 1] = { line = line, from = allocation, location = part.location, quantity = part.quantity }
          end
        end
      end
    end
  end
  if not retake_capacities(reservation, plan, now) then
    return next(more_due) and 'MORE_DUE' or 'EXPIRED', { (next(more_due)) }
  end
  for _, part in ipairs(plan) do
    part.from.missing = nil
    if part.quantity > 0 then
      part.from.expired = part.from.expired - part.quantity
      take(reservation, part.line, part.location, part.quantity, 'HELD')
    end
  end
  return nil
end
