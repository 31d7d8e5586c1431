-- Finds `wanted` units of a SKU at the market's locations, in binding order, beside what earlier
-- lines of this script took (state.taken), where `allows` (if any) says so. Takes nothing
-- itself; returns the parts and how many units were not found.
local orders = {}

local function bind(state, market, wanted, parts_max, allows)
  local parts = {}
  local chunk = 0
  while wanted > 0 and #parts < parts_max do
    local field = 'o:' .. market .. ':' .. chunk
    if orders[field] == nil then
      local packed = redis.call('HGET', KEYS[1], field)
      orders[field] = packed and cmsgpack.unpack(packed) or false
    end
    local names = orders[field]
    if not names then
      break
    end
    local raw = redis.call('HMGET', state.key, unpack(names))
    for at, name in ipairs(names) do
      local position = state.positions[name]
      if not position and raw[at] then
        position = { cmsgpack.unpack(raw[at]) }
        state.positions[name] = position
      end
      if position and position[1] - position[2] > position[3] then
        local place = location_of(name)
        local free = units(place, position[1], position[2], position[3], position[4]) - (state.taken[name] or 0)
        if free > 0 and place.enabled and (not allows or allows(name)) then
          local quantity = math.min(free, wanted)
          parts[#parts + 1] = { location = name, quantity = quantity }
          state.taken[name] = (state.taken[name] or 0) + quantity
          wanted = wanted - quantity
          if wanted == 0 or #parts == parts_max then
            break
          end
        end
      end
    end
    chunk = chunk + 1
  end
  return parts, wanted
end
