-- The base of a position: the count with the greatest (observe time, sequence, event id, source).
-- quantity, observe time in microseconds, sequence, event id, source, and carry: the deltas past
-- their retention, which no count still to come can be older than.
local function base_of(state, location)
  local packed = redis.call('HGET', state.key, 'b:' .. location)
  if packed then
    return { cmsgpack.unpack(packed) }
  end
  return { 0, 0, 0, '', '', 0 }
end
