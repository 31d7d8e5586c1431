-- Finds `wanted` units at the market's locations in binding order, as bind does, for the short way of a sale.
-- `known` positions of the first of them are in `near` already, as plain_sku returns them. Notes the parts; returns
-- how many units were not found.
local chunks, packed_chunks = {}, {}

local function plain_parts(state, market, wanted, near, known)
  local chunk, parts = 0, state.parts
  while wanted > 0 do
    if chunks[chunk] == nil then
      local packed = packed_chunks[chunk]
      if packed == nil then
        packed = redis.call('HGET', KEYS[1], 'o:' .. market .. ':' .. chunk)
      end
      chunks[chunk] = packed and cmsgpack.unpack(packed) or false
    end
    local names = chunks[chunk]
    if not names then
      return wanted
    end
    local is_near = chunk == 0 and known > 0
    local raw = is_near and near or redis.call('HMGET', state.key, unpack(names))
    for at = 1, #names do
      local on_hand, reserved, safety, blocked = 0, 0, 0, 0
      local packed = raw[is_near and 4 + at or at]
      if packed then
        on_hand, reserved, safety, blocked = cmsgpack.unpack(packed)
      end
      if on_hand - reserved > safety then
        local place = location_of(names[at])
        local quantity = math.min(wanted, place.enabled and units(place, on_hand, reserved, safety, blocked) or 0)
        if quantity > 0 then
          wanted = wanted - quantity
          parts[#parts + 1] = { location = names[at], quantity = quantity, markets = place.markets,
            supply = -quantity, position = cmsgpack.pack(on_hand, reserved + quantity, safety, blocked) }
          if wanted == 0 then
            return 0
          end
        end
      end
    end
    chunk = chunk + 1
  end
  return wanted
end
