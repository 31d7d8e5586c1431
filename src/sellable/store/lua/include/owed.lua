-- Whether an overcommitted position may owe units to a reservation.
local function owed(reservation)
  if redis.call('EXISTS', key('o', '')) == 0 then
    return false
  end
  for _, line in ipairs(reservation.lines) do
    for _, allocation in ipairs(line.allocations) do
      if allocation.open > 0 and redis.call('ZSCORE', key('o', ''), allocation.location .. ':' .. line.sku) then
        return true
      end
    end
  end
  return false
end
