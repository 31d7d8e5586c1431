-- Writes every working copy that changed: SKUs, their numbers, and what was counted in quotas.
local function flush_all(now)
  for _, state in pairs(skus) do
    flush_sku(state, now)
  end
  flush_numbers()
  for name, quota in pairs(quota_counts) do
    if quota.change ~= 0 then
      redis.call('HINCRBY', key('q', ''), name, string.format('%.0f', quota.change))
      quota.change = 0
    end
  end
  if #rebased > 0 then
    note_rebased(rebased)
    rebased = {}
  end
end
