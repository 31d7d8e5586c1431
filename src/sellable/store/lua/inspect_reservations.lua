#!lua flags=no-writes
--[[
inspect_reservations: which indexes do not say what the reservations say, for verify.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  ids                 msgpack at most 100 reservation ids
OUTCOME  DONE                for each fault: reservation, index (or what it holds of which capacity), 1 where there
                             should be one else 0
COST     100 reservations with their SKUs and locations
]]
--- @include key holdings inspect_capacities
local faults = {}

local function expect(id, index, wanted)
  local found = redis.call('ZSCORE', key(index, ''), id) ~= false
  if found ~= wanted then
    faults[#faults + 1] = { id, index, wanted and 1 or 0 }
  end
end

for _, id in ipairs(cmsgpack.unpack(ARGV[1])) do
  local packed = redis.call('GET', key('r:', id))
  if packed then
    local reservation = cmsgpack.unpack(packed)
    local held = holdings(reservation)
    for _, state in ipairs({ 'HELD', 'CONFIRMED', 'FULFILLED', 'RELEASED', 'EXPIRED' }) do
      expect(id, 'i:s:' .. state, state == reservation.state)
    end
    for sku in pairs(held.skus) do
      expect(id, 'i:k:' .. sku, true)
      expect(id, 'h:' .. sku, reservation.state == 'HELD')
    end
    for location in pairs(held.locations) do
      expect(id, 'i:l:' .. location, true)
    end
    for supply in pairs(held.waiting) do
      expect(id, 'i:w:' .. supply, true)
    end
    expect(id, 'x', reservation.state == 'HELD')
    expect(id, 'c', next(held.skus) == nil)
    expect(id, 'shipby', (reservation.ship_by_ms or 0) > 0 and next(held.skus) ~= nil)
    inspect_capacities(reservation, faults)
    if reservation.order_reference ~= '' then
      expect(id, 'i:o:' .. reservation.order_reference, true)
    end
  end
end
return { 'DONE', cmsgpack.pack(faults) }
