-- Finds what each move of a transfer means and whether its target can take it. Returns the parts,
-- or nil with a refusal and its detail.
local function check_moves(reservation, request, now, retention_ms)
  local parts, path, allowed = find_parts(reservation, request.parts, false, 'moves[%d].from')
  if not parts then
    return nil, 'INVALID', { path, allowed }
  end
  local lines = {}
  for at, part in ipairs(parts) do
    lines[at] = part.line
  end
  local stale = prepare_skus(lines, reservation.market, now, retention_ms)
  if stale then
    return nil, 'STALE', stale
  end
  local wanted = {}
  for _, part in ipairs(parts) do
    if part.part.to_location == part.allocation.location then
      return nil, 'INVALID', { 'moves[' .. (part.at - 1) .. '].to_location', 'another location than the one it leaves' }
    end
    wanted[part.at] = load_sku(part.line.sku)
  end
  local short = {}
  for at, move in ipairs(request.parts) do
    local state, target = wanted[at], move.to_location
    local free = free_at(state, target)
    if free < move.quantity then
      short[#short + 1] = at - 1
      short[#short + 1] = free
    end
    state.taken[target] = (state.taken[target] or 0) + move.quantity
  end
  if #short > 0 then
    return nil, next(more_due) and 'MORE_DUE' or 'SHORT', next(more_due) and { (next(more_due)) } or short
  end
  return parts
end
