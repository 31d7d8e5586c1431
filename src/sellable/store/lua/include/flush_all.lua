-- Writes every working copy that changed.
local function flush_all(now)
  for _, state in pairs(skus) do
    flush_sku(state, now)
  end
end
