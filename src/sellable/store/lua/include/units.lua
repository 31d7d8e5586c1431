-- What a position gives its markets: available, overcommitted, and the on hand that percentages
-- are of (sellable condition only: nothing while blocked, never below zero). A location whose feed is
-- silent keeps more back for each period that it has been.
local function units(place, on_hand, reserved, safety, blocked)
  local overcommitted = math.max(0, reserved - on_hand)
  if blocked ~= 0 then
    return 0, overcommitted, 0
  end
  local counted = math.max(0, on_hand)
  if place and place.level > 0 then
    local stale = place.stale
    safety = safety + place.level * math.max(stale[2], stale[4], share_of(counted, stale[3]))
  end
  return math.max(0, on_hand - reserved - safety), overcommitted, counted
end
