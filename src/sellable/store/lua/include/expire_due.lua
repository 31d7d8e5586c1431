-- Expires what is due on a SKU, oldest first and at most 100 reservations a script, so that the
-- outcome never depends on the sweeper. Returns how many it expired; `more_due` names the SKUs on
-- which some are left.
local expiries_left = 100
local more_due = {}

local function expire_due(state, now, retention_ms)
  local due = redis.call('ZRANGEBYSCORE', key('h:', state.sku), '-inf', now, 'LIMIT', 0, expiries_left + 1)
  local expired = 0
  for _, id in ipairs(due) do
    if expiries_left == 0 then
      more_due[state.sku] = true
      break
    end
    local reservation = load_reservation(id)
    settle(reservation, now)
    store_reservation(reservation, now, retention_ms)
    expiries_left = expiries_left - 1
    expired = expired + 1
  end
  return expired
end
