-- Adds to the shortages of a plan the SKUs of which the market may sell less than its lines are granted: its number
-- and its quotas bind a planned hold as any other. Counts what is granted in the quotas, in the working copies.
local function check_numbers(request, short)
  for _, line in ipairs(request.lines) do
    local state, granted = load_sku(line.sku), line.granted or 0
    local index = find_market(state, request.market, 1)
    state.left = state.left or (index and sellable_now(state, index) or 0)
    local left, quotas = quota_left(state, request.market)
    if state.left < granted then
      short[#short + 1] = { 'number', line.sku, '', math.max(0, state.left) }
    elseif left and left < granted then
      short[#short + 1] = { 'quota', line.sku, '', left }
    end
    state.left = state.left - granted
    count_quotas(quotas, granted)
    line.quotas = quotas
  end
end
