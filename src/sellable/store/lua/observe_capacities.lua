#!lua flags=no-writes
--[[
observe_capacities: how many orders hold or used the daily capacity of locations. What holds past its time is not
counted, and the reservation that is sourced neither.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  capacities          msgpack location, and the SKU that stands for its day, in turn
ARGV[3]  reservation_id      string  empty = none
OUTCOME  DONE                for each of them the number of orders
COST     capacities; the caller asks for at most 1,000 of them at once
]]
--- @include key clock
local now = clock(ARGV[1])
local packed = ARGV[3] ~= '' and redis.call('GET', key('r:', ARGV[3]))
local own = {}
for _, line in ipairs(packed and cmsgpack.unpack(packed).lines or {}) do
  own[line.sku] = line.capacity and line.allocations[1].open + line.allocations[1].fulfilled
end
local names, taken = cmsgpack.unpack(ARGV[2]), {}
for at = 1, #names, 2 do
  local location, sku = names[at], names[at + 1]
  local position = redis.call('HGET', key('k:', sku), location)
  local count = 0
  if position then
    local used, reserved = cmsgpack.unpack(position)
    count = reserved - used - (own[sku] or 0) - redis.call('ZCOUNT', key('h:', sku), '-inf', now)
  end
  taken[#taken + 1] = count
end
return { 'DONE', cmsgpack.pack(taken) }
