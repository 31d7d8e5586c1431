-- Takes open units of an allocation off its position: they are `released`, `expired` or
-- `fulfilled`, as `field` says, and go to the ledger as `kind`.
local function give_back(reservation, line, allocation, quantity, field, kind)
  local state = load_sku(line.sku)
  if field ~= 'fulfilled' then
    count_quotas(line.quotas, -quantity)
  end
  allocation.open = allocation.open - quantity
  allocation[field] = allocation[field] + quantity
  unbind(state, allocation.location, quantity)
  record(state, kind, allocation.location, -quantity, reservation.reservation_id)
end
