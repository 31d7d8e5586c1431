-- What has less than a plan takes of it, beside what this script expired: kind, name, location and what there is,
-- for each shortage. `wanted` are by SKU and location the units on top of what the reservation (if any) holds there;
-- `own` the days that it holds or has used. Wherever units are to be, a day is to be named if days are limited.
local function check_planned(market, request, wanted, own)
  local short, planned = {}, {}
  for _, capacity in ipairs(request.capacities) do
    local sku, location = capacity[1], capacity[2]
    planned[location] = true
    local left = not own[sku] and capacity_left(sku, location)
    if left and left < 1 then
      short[#short + 1] = { 'capacity', sku, location, math.max(0, left) }
    end
  end
  for _, part in ipairs(request.units) do
    local location = part[2]
    if not planned[location] and redis.call('HEXISTS', KEYS[1], 'd:' .. location) == 1 then
      short[#short + 1] = { 'capacity', '', location, 0 }
    end
    planned[location] = true
  end
  for sku, locations in pairs(wanted) do
    local state = load_sku(sku)
    for location, quantity in pairs(locations) do
      local place = quantity > 0 and location_of(location)
      local free = place and sells_from(market, place) and free_at(state, location)
      if quantity > 0 and not free then
        short[#short + 1] = { 'location', sku, location, 0 }
      elseif quantity > 0 and free < quantity then
        short[#short + 1] = { 'position', sku, location, free }
      end
    end
  end
  table.sort(short, function(one, other)
    return table.concat(one, '\0', 1, 3) < table.concat(other, '\0', 1, 3)
  end)
  return short
end
