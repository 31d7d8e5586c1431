-- Gives back, in the working copies only, the hold that a cart edit replaces, so that the new lines
-- can have its units. Returns the replaced reservation, or nil with a refusal and its detail.
local function replace_hold(request, now)
  if request.replaces_reservation_id == '' then
    return nil
  end
  local replaced = load_reservation(request.replaces_reservation_id)
  if not replaced then
    return nil, 'UNKNOWN_RESERVATION', request.replaces_reservation_id
  end
  if replaced.market ~= request.market then
    return nil, 'OTHER_MARKET', replaced.market
  end
  if replaced.state == 'CONFIRMED' or replaced.state == 'FULFILLED' then
    return nil, 'CLOSED', replaced.state
  end
  if replaced.state ~= 'HELD' then
    return nil
  end
  if settle(replaced, now) then
    return replaced
  end
  for _, line in ipairs(replaced.lines) do
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 then
        give_back(replaced, line, allocation, allocation.open, 'released', 'RELEASED')
      end
    end
  end
  replaced.state = 'RELEASED'
  return replaced
end
