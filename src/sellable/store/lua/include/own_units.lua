-- The open units of a reservation by place and SKU, and by SKU: what its own plan may have again.
local function own_units(reservation)
  local places, sums = {}, {}
  for _, line in ipairs(reservation and reservation.lines or {}) do
    local mine = places[line.sku] or {}
    places[line.sku] = mine
    for _, allocation in ipairs(line.allocations) do
      mine[allocation.location] = (mine[allocation.location] or 0) + allocation.open
      sums[line.sku] = (sums[line.sku] or 0) + allocation.open
    end
  end
  return places, sums
end
