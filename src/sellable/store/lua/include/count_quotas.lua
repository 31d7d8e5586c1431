-- Counts units of a line in the quotas that it was taken under; a negative quantity gives them back, but
-- not more than a counter has that was forgotten in between.
local function count_quotas(names, quantity)
  for _, name in ipairs(names or {}) do
    local quota = quota_of(name)
    if quantity > 0 or quota.counted then
      local change = math.max(quantity, -quota.taken)
      quota.taken = quota.taken + change
      quota.change = quota.change + change
      quota.counted = true
    end
  end
end
