-- The base of a position: the count with the greatest (observe time, sequence, event id, source).
-- quantity, observe time in microseconds, sequence, event id, source, carry: the deltas past their
-- retention, which no count still to come can be older than, and kept: 0 where no delta is kept of the
-- position, 1 where some may be, nil where nobody has looked. Where a SKU has no position, the last full count
-- of the location has found none: that is its base.
local floors = {}

local function base_of(state, location)
  local base = state.bases[location]
  if base == nil then
    base = redis.call('HGET', state.key, 'b:' .. location)
  end
  if type(base) == 'string' then
    base = { cmsgpack.unpack(base) }
  elseif not base then
    base = { 0, 0, 0, '', '', 0 }
    if not position_of(state, location) then
      if floors[location] == nil then
        local packed = redis.call('HGET', key('counted', ''), location)
        floors[location] = packed and { cmsgpack.unpack(packed) } or false
      end
      local floor = floors[location]
      base = floor and { 0, floor[1], floor[2], floor[3], floor[4], 0 } or base
    end
  end
  state.bases[location] = base
  return base
end
