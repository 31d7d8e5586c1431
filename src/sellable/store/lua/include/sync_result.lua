-- What became of a full count: rows applied, unchanged, stale, rejected and merged,
-- positions that no row named and that had stock, and the first SKUs that were refused.
local function sync_result(sync)
  local result = {}
  for at, field in ipairs({ 'applied', 'unchanged', 'stale', 'rejected', 'merged', 'zeroed' }) do
    result[at] = tonumber(sync[field] or 0)
  end
  result[7] = cmsgpack.unpack(sync.rejected_skus or '\144')
  return result
end
