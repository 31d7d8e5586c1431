-- Counts what becomes of one number of a market: SKUs that enter sale, leave it, change; units up, down.
-- `totals` has them by market, `order` the markets.
local totals, order = {}, {}

local function count_change(market, before, after)
  local total = totals[market]
  if not total then
    total = { 0, 0, 0, 0, 0 }
    totals[market] = total
    order[#order + 1] = market
  end
  total[1] = total[1] + (before == 0 and after > 0 and 1 or 0)
  total[2] = total[2] + (before > 0 and after == 0 and 1 or 0)
  total[3] = total[3] + (before ~= after and 1 or 0)
  total[4] = total[4] + math.max(0, after - before)
  total[5] = total[5] + math.max(0, before - after)
end
