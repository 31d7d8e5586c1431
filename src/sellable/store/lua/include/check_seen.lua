-- Whether a plan is for the open units that a reservation has now, moves each of them once, and takes refused units
-- away from where they were refused. Returns by SKU and location what it takes on top of what the
-- reservation holds (`wanted`) and the capacities that it holds or has used (`own`), by SKU; or nil with LOST and its
-- body, or with a field path and what is allowed.
local function check_seen(reservation, request)
  local moves, open, count = { wanted = {}, own = {} }, {}, 0
  for at, line in ipairs(reservation.lines) do
    local wanted = moves.wanted[line.sku] or {}
    open[at] = { left = 0, here = {}, target = {} }
    for _, allocation in ipairs(line.allocations) do
      local location, quantity = allocation.location, allocation.open
      if line.capacity then
        moves.own[line.sku] = quantity + allocation.fulfilled > 0
      elseif quantity > 0 then
        open[at].here[location], open[at].left, count = quantity, open[at].left + quantity, count + 1
        wanted[location] = (wanted[location] or 0) - quantity
        moves.wanted[line.sku] = wanted
      end
    end
  end
  local same = #request.seen == count
  for _, part in ipairs(request.seen) do
    same = same and open[part[1] + 1] and open[part[1] + 1].here[part[2]] == part[3]
  end
  if not same then
    return nil, 'LOST', { { 'changed', '', '', 0 } }
  end
  for _, part in ipairs(request.units) do
    local mine, line = open[part[1] + 1], reservation.lines[part[1] + 1]
    local wanted = mine and moves.wanted[line.sku]
    if not wanted then
      return nil, 'units', 'lines with open units'
    end
    mine.left = mine.left - part[3]
    mine.target[part[2]] = (mine.target[part[2]] or 0) + part[3]
    wanted[part[2]] = (wanted[part[2]] or 0) + part[3]
  end
  for field, parts in pairs({ drops = request.drops, refusals = request.refusals }) do
    local gone = {}
    for at, part in ipairs(parts) do
      local mine, place = open[part[1] + 1], part[1] .. ':' .. part[2]
      local leaves = mine and (mine.here[part[2]] or 0) - (mine.target[part[2]] or 0) - (gone[place] or 0) or 0
      if leaves < part[3] then
        return nil, field .. '[' .. at - 1 .. ']', 'at most the units that leave there: ' .. math.max(0, leaves)
      end
      gone[place] = (gone[place] or 0) + part[3]
      mine.left = mine.left - (field == 'drops' and part[3] or 0)
    end
  end
  for _, mine in ipairs(open) do
    if mine.left ~= 0 then
      return nil, 'units', 'every open unit of a line once, or among the drops'
    end
  end
  return moves
end
