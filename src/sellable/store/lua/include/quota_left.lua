-- What is left for a SKU of the quotas of a market, its own and that of its class; nil without any.
-- Returns also their names.
local function quota_left(state, market)
  local quotas = state.overrides and state.overrides[3] and state.overrides[3][market]
  if not quotas then
    return nil
  end
  local left, names = math.huge, {}
  for at, quota in ipairs(quotas) do
    names[at] = quota[1]
    left = math.min(left, math.max(0, quota[2] - quota_of(quota[1]).taken))
  end
  return left, names
end
