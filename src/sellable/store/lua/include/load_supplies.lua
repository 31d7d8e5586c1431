-- What is known of the future supplies of a SKU, by pseudo-location ("<location>+<supply id>"): quantity
-- announced, received so far, final (nothing more comes), expect_ms, pool, which fact announced it
-- (observe_us, sequence, event_id, source; 0 where only receipts came), closed_ms, since when nothing is
-- outstanding, waited for or kept, and heard_us, the latest observe time of all facts. The pool are units
-- that arrived and are kept for those who wait: they count as reserved at the location.
local function load_supplies(state)
  if not state.supplies then
    local packed = redis.call('HGET', state.key, ':f')
    state.supplies = packed and cmsgpack.unpack(packed) or {}
    state.supplies_bytes = packed and #packed or 0
  end
  return state.supplies
end
