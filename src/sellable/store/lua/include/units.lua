-- What a position gives its markets: available, overcommitted, and the on hand that percentages
-- are of (sellable condition only: nothing while blocked, never below zero).
local function units(on_hand, reserved, safety, blocked)
  local overcommitted = math.max(0, reserved - on_hand)
  if blocked == 1 then
    return 0, overcommitted, 0
  end
  return math.max(0, on_hand - reserved - safety), overcommitted, math.max(0, on_hand)
end
