#!lua flags=no-writes
--[[
find_at_risk: which of some reservations are orders at risk, or somebody was asked about.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  late_after_ms       int     an order is late so long after its goods should have left
ARGV[3]  ids                 msgpack reservations, at most 100
OUTCOME  DONE                now; how many reservations were looked at; of each such order the reservation, where
                             it has open units although its market does not ship from there, and since when
                             somebody is asked (0: nobody is). After the ledger position what is kept beside each
                             of them, raw
COST     about 1,000 allocations, and 200 holders of each overcommitted position: of two, or of those of one order
]]
--- @include key clock location_of new_sku load_sku position_of load_supplies holdings
--- @include load_reservation shortages mark_short sells_from append_ledger reply
local now, late_after_ms = clock(ARGV[1]), tonumber(ARGV[2])
local found, kept, looked_at, cost, counted = {}, {}, 0, 0, {}
for _, id in ipairs(cmsgpack.unpack(ARGV[3])) do
  if cost >= 2 then
    break
  end
  looked_at = looked_at + 1
  local reservation = load_reservation(id)
  for _, line in ipairs(reservation and reservation.lines or {}) do
    cost = cost + #line.allocations / 500
  end
  if reservation and reservation.state == 'CONFIRMED' then
    mark_short(reservation)
    local ship_by_ms = reservation.ship_by_ms or 0
    local wrong, stranded, seen = ship_by_ms > 0 and ship_by_ms + late_after_ms < now, {}, {}
    for _, line in ipairs(reservation.lines) do
      for _, allocation in ipairs(line.capacity and {} or line.allocations) do
        local location = string.match(allocation.location, '^[^+]*')
        if allocation.open > 0 and not seen[location] then
          local place = location_of(location)
          seen[location] = true
          if not (place and place.enabled and sells_from(reservation.market, place)) then
            stranded[#stranded + 1] = location
          end
        end
        wrong = wrong or (allocation.short or 0) > 0
        local position = allocation.location .. ':' .. line.sku
        if allocation.short and not counted[position] then
          counted[position], cost = true, cost + 1
        end
      end
    end
    local since_ms = redis.call('ZSCORE', key('escalated', ''), id)
    if wrong or #stranded > 0 or since_ms then
      found[#found + 1] = { reservation, stranded, tonumber(since_ms or 0) }
      kept[#kept + 1] = redis.call('HGETALL', key('s:', id))
    end
  end
end
local answer = reply('DONE', { now, looked_at, found })
answer[4] = kept
return answer
