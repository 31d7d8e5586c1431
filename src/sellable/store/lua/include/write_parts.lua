-- Writes what the parts of a short way change of one SKU: positions, numbers and ledger. On hand stays as it is.
local function write_parts(state, kind, reservation_id, now)
  local parts, changed = state.parts, {}
  local fields = { ':c', state.version + 1, ':m', '' }
  for at = 1, #parts do
    local part = parts[at]
    if part.supply ~= 0 and #parts == 1 and not state.overrides then
      show_at_once(state, part.markets, { part.supply, 0 }, changed)
    elseif part.supply ~= 0 then
      add_to_markets(state, part.markets, part.supply, 0)
    end
    fields[3 + 2 * at], fields[4 + 2 * at] = part.location, part.position
  end
  for at in pairs(state.touched) do
    note_number(state, at, sellable_now(state, at), changed)
  end
  fields[4] = cmsgpack.pack(state.flat)
  redis.call('HSET', state.key, unpack(fields))
  for at = 1, #parts do
    local part = parts[at]
    append_ledger({ kind, state.sku, part.location, part.quantity, reservation_id, '' }, now,
      at == #parts and changed or {})
  end
end
