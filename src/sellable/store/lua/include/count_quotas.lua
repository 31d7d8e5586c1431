-- Counts units of a line in the quotas that it was taken under; a negative quantity gives them back.
local function count_quotas(names, quantity)
  for _, name in ipairs(names or {}) do
    local quota = quota_of(name)
    if quantity > 0 or quota.counted then
      quota.taken = quota.taken + quantity
      quota.change = quota.change + quantity
      quota.counted = true
    end
  end
end
