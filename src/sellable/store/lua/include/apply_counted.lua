-- What a full count says of one position: a count of its time under its own id, `net` where its source
-- leaves reserved units out. nil if more holds of the SKU are due than this script may expire before.
local function apply_counted(sync, location, sku, quantity, now, retention_ms)
  local state = look_at(sku, location)
  if sync.net == '1' then
    expire_due(state, now, retention_ms, store_later)
    if more_due[sku] then
      return nil
    end
  end
  return apply_count(state, { kind = sync.net == '1' and 'net' or 'count', event_id = sync.sync_id,
    source = sync.source, sku = sku, location = location, observe_us = tonumber(sync.observe_us), sequence = 0,
    quantity = quantity })
end
