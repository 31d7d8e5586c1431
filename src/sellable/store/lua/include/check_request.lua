-- What is wrong with a request whatever the stock, in the order of the contract's error reasons.
-- Returns a refusal and its detail, or nil.
local function check_request(request)
  local replaces = request.replaces_reservation_id
  local replaced = replaces ~= '' and load_reservation(replaces)
  if replaced and replaced.market ~= request.market then
    return 'OTHER_MARKET', replaced.market
  end
  if redis.call('HEXISTS', KEYS[1], 'm:' .. request.market) == 0 then
    return 'UNKNOWN_MARKET', {}
  end
  for _, line in ipairs(request.lines) do
    if line.location ~= '' and not location_of(line.location) then
      return 'UNKNOWN_LOCATION', line.location
    end
  end
  for _, line in ipairs(request.lines) do
    local state = load_sku(line.sku)
    if not state.epoch and not state.item then
      return 'UNKNOWN_SKU', line.sku
    end
  end
  if replaces ~= '' and not replaced then
    return 'UNKNOWN_RESERVATION', replaces
  end
  for _, line in ipairs(request.lines) do
    if line.location ~= '' and not sells_from(request.market, location_of(line.location)) then
      return 'LOCATION_NOT_IN_MARKET', line.location
    end
  end
  return nil
end
