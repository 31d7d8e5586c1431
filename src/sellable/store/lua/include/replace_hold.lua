-- Gives back, in the working copies only, the hold that a cart edit replaces, so that the new lines
-- can have its units. Returns the replaced reservation, or nil and the state that forbids it.
local function replace_hold(id, now)
  local replaced = id ~= '' and load_reservation(id)
  if replaced and (replaced.state == 'CONFIRMED' or replaced.state == 'FULFILLED') then
    return nil, replaced.state
  end
  if not replaced or replaced.state ~= 'HELD' then
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
