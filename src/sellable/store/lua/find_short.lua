#!lua flags=no-writes
--[[
find_short: the reservations on which the shortage of some overcommitted positions falls.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  positions           msgpack location:SKU, at most 2; one that is not overcommitted has nobody
OUTCOME  DONE                their ids, each once
COST     the 200 youngest holders of each position
]]
--- @include key clock new_sku load_sku position_of holdings load_reservation shortages append_ledger reply
local found, seen = {}, {}
for _, position in ipairs(cmsgpack.unpack(ARGV[2])) do
  local location, sku = string.match(position, '^([^:]*):(.*)$')
  for id, quantity in pairs(shortages(load_sku(sku), location)) do
    if quantity > 0 and not seen[id] then
      seen[id] = true
      found[#found + 1] = id
    end
  end
end
table.sort(found)
return reply('DONE', found)
