-- Finds `wanted` units at the market's locations as bind does, for the short way of a sale. `names` are those
-- of the first chunk, whose positions are in `raw`. Notes the parts; returns how many units were not found.
local function plain_parts(state, market, wanted, names, raw)
  local chunk, before = 0, 4
  while wanted > 0 and names do
    for at = 1, #names do
      local packed = raw[before + at]
      local on_hand, reserved, safety, blocked
      if packed then
        on_hand, reserved, safety, blocked = cmsgpack.unpack(packed)
      end
      if packed and on_hand - reserved > safety then
        local place = location_of(names[at])
        local free = place.enabled and units(place, on_hand, reserved, safety, blocked) or 0
        if free > 0 then
          local quantity = math.min(free, wanted)
          wanted = wanted - quantity
          state.parts[#state.parts + 1] = { location = names[at], quantity = quantity, markets = place.markets,
            supply = -quantity, position = cmsgpack.pack(on_hand, reserved + quantity, safety, blocked) }
          if wanted == 0 then
            return 0
          end
        end
      end
    end
    chunk, before = chunk + 1, 0
    local packed = redis.call('HGET', KEYS[1], 'o:' .. market .. ':' .. chunk)
    names = packed and cmsgpack.unpack(packed)
    raw = names and redis.call('HMGET', state.key, unpack(names))
  end
  return wanted
end
