-- Expires what is due on a SKU, oldest first, so that the outcome never depends on the sweeper.
-- A script has room for 40 reservations of up to two allocations, about 2 ms of the engine, and for
-- fewer of larger ones. Returns how many it expired; `more_due` names the SKUs on which some are left.
-- They are stored at once, or by what is handed in for it.
local room = 40
local more_due = {}

local function expire_due(state, now, retention_ms, store)
  local due = redis.call('ZRANGEBYSCORE', key('h:', state.sku), '-inf', now, 'LIMIT', 0, 41)
  local expired = {}
  for _, id in ipairs(due) do
    if room <= 0 then
      more_due[state.sku] = true
      break
    end
    local reservation = load_reservation(id)
    settle(reservation, now)
    local allocations = 0
    for _, line in ipairs(reservation.lines) do
      allocations = allocations + #line.allocations
    end
    room = room - math.max(1, allocations / 2)
    expired[#expired + 1] = reservation
  end
  store = store or store_reservation
  for _, reservation in ipairs(expired) do
    store(reservation, now, retention_ms)
  end
  return #expired
end
