-- Chooses the locations of every line without taking anything: lines bound to a location first,
-- then the free ones, each at most what is left of the number shown for its SKU. Returns the parts
-- by line (and their total units), and the short lines: index from 0 and what it could have had.
local function place_lines(request)
  local placed = { total = 0 }
  local allocations_left = request.allocations_max
  local granted = {}
  for pass = 1, 2 do
    for at, line in ipairs(request.lines) do
      if (line.location ~= '') == (pass == 1) then
        local state = load_sku(line.sku)
        local index = find_market(state, request.market, 1)
        state.left = state.left or (index and sellable_now(state, index) or 0)
        local quota, quotas = quota_left(state, request.market)
        local wanted = math.min(line.quantity, state.left, quota or state.left)
        local parts = {}
        if line.location ~= '' then
          local quantity = math.min(wanted, free_at(state, line.location))
          if quantity > 0 then
            parts[1] = { location = line.location, quantity = quantity }
            state.taken[line.location] = (state.taken[line.location] or 0) + quantity
          end
          granted[at] = quantity
        else
          local missing
          parts, missing = bind(state, request.market, wanted, allocations_left)
          granted[at] = wanted - missing
        end
        state.left = state.left - granted[at]
        local missing = math.min(line.quantity, quota or line.quantity) - granted[at]
        granted[at] = granted[at] + place_future(state, request, line, missing, parts, allocations_left)
        allocations_left = allocations_left - #parts
        count_quotas(quotas, granted[at])
        line.quotas = quotas
        placed[at] = parts
        placed.total = placed.total + granted[at]
      end
    end
  end
  local short = {}
  for at, line in ipairs(request.lines) do
    if granted[at] < line.quantity then
      short[#short + 1] = at - 1
      short[#short + 1] = granted[at]
    end
  end
  return placed, short
end
