-- Moves the open units of a reservation as check_seen allowed it: first what is given up, then what leaves a place,
-- then what comes to one. Missing goods lower on hand where they were refused.
local function rebind_lines(reservation, request, now, retention_ms)
  local id, target = reservation.reservation_id, {}
  for at in ipairs(reservation.lines) do
    target[at] = {}
  end
  for _, part in ipairs(request.units) do
    local mine = target[part[1] + 1]
    mine[part[2]] = (mine[part[2]] or 0) + part[3]
  end
  for _, part in ipairs(request.drops) do
    local line = reservation.lines[part[1] + 1]
    for _, allocation in ipairs(line.allocations) do
      if allocation.location == part[2] then
        give_back(reservation, line, allocation, part[3], 'released', 'RELEASED')
      end
    end
  end
  for at, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.capacity and {} or line.allocations) do
      local location, stays = allocation.location, target[at][allocation.location] or 0
      if allocation.open > stays then
        local leaves, state = allocation.open - stays, load_sku(line.sku)
        allocation.open = stays
        unbind(state, location, leaves)
        record(state, 'TRANSFERRED', location, -leaves, id)
      end
      target[at][location] = stays - allocation.open
    end
  end
  for _, part in ipairs(request.units) do
    local mine, location = target[part[1] + 1], part[2]
    if mine[location] > 0 then
      take(reservation, reservation.lines[part[1] + 1], location, mine[location], 'TRANSFERRED')
      mine[location] = 0
    end
  end
  for at, part in ipairs(request.refusals) do
    if part[4] == 'NOT_FOUND' or part[4] == 'DAMAGED' then
      local event_id = table.concat({ reservation.number, request.request_id, at }, '\0')
      lower_on_hand(load_sku(reservation.lines[part[1] + 1].sku), part[2], part[3], event_id, id, now, retention_ms)
    end
  end
  for _, line in ipairs(reservation.lines) do
    for at = #line.allocations, 1, -1 do
      local allocation = line.allocations[at]
      if allocation.open + allocation.fulfilled + allocation.released + allocation.expired == 0 then
        table.remove(line.allocations, at)
      end
    end
  end
end
