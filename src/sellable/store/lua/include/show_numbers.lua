-- The numbers of a SKU that changed, for the ledger: market and number. They wait in `shown`, by market, for
-- flush_all: many SKUs of a market are written together. `rewrite` trusts no number that was shown before. A
-- number that a quota limits further says so by a "q": what is left of it is asked for when it is read.
local shown = {}

local function show_numbers(state)
  local changed = state.lost or {}
  for at = 1, #changed, 2 do
    redis.call('HDEL', key('v:', changed[at]), state.sku)
  end
  local flat, quotas = state.flat, state.overrides and state.overrides[3]
  for at in pairs(state.touched) do
    local number = sellable_now(state, at)
    local differs = number ~= flat[at + 3]
    if differs or state.rewrite then
      local market = flat[at]
      local limited = quotas and quotas[market]
      local numbers = shown[market] or {}
      numbers[#numbers + 1] = state.sku
      numbers[#numbers + 1] = limited and string.format('%.0fq', number) or number
      shown[market] = numbers
      flat[at + 3] = number
    end
    if differs then
      changed[#changed + 1] = flat[at]
      changed[#changed + 1] = number
    end
  end
  return changed
end
