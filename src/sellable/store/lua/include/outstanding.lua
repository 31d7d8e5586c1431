-- Units of a supply that are still to come.
local function outstanding(supply)
  if supply.final then
    return 0
  end
  return math.max(0, supply.quantity - supply.received)
end
