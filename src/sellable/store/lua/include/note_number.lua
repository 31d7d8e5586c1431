-- Notes the number of the market at `at` in a working copy: for flush_all, which writes many SKUs of a market
-- together (`shown`), and, where it differs from what was shown, for the ledger (`changed`). `rewrite` trusts no
-- number that was shown before. A number that a quota limits further says so by a "q": what is left of it is
-- asked for when it is read.
local shown = {}

local function note_number(state, at, number, changed)
  local flat = state.flat
  local differs = number ~= flat[at + 3]
  if not differs and not state.rewrite then
    return
  end
  local market, overrides = flat[at], state.overrides
  local numbers = shown[market]
  if not numbers then
    numbers = { count = 0 }
    shown[market] = numbers
  end
  local count = numbers.count
  numbers[count + 1] = state.sku
  numbers[count + 2] = overrides and overrides[3] and overrides[3][market] and string.format('%.0fq', number) or number
  numbers.count = count + 2
  if differs then
    flat[at + 3] = number
    local last = #changed
    changed[last + 1] = market
    changed[last + 2] = number
  end
end
