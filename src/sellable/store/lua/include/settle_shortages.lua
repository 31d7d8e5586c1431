-- What facts left overcommitted is first taken from holds that are due.
local function settle_shortages(now, retention_ms)
  local short = {}
  for _, state in pairs(skus) do
    if state.overcommitted then
      for _, quantity in pairs(state.overcommitted) do
        short[state] = short[state] or quantity > 0 or nil
      end
    end
  end
  for state in pairs(short) do
    expire_due(state, now, retention_ms, store_later)
  end
end
