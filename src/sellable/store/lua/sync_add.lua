#!lua
--[[
sync_add: stage rows of a full count; nothing is applied before its commit. Rows that are there
already, or that come too early, are not added: the answer says where to go on.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  request             msgpack location, token, first_row (rows before these), staged_ms, quantity_max,
                                     rows (SKU, "" if it cannot be one; quantity, -1 if the row is refused)
OUTCOME  DONE                how many rows are staged now
OUTCOME  GONE                id of the count that took this one's place, "" if there is none
COST     rows
]]
--- @include key clock append_ledger sync_of staged_row reply
local request = cmsgpack.unpack(ARGV[3])
local sync = sync_of(request.location)
-- Decide.
if sync.token ~= request.token or sync.state ~= 'OPEN' then
  return reply('GONE', sync.sync_id or '')
end
if tonumber(sync.rows) ~= request.first_row then
  return reply('DONE', tonumber(sync.rows))
end
local rejected, merged, refused = tonumber(sync.rejected), tonumber(sync.merged), tonumber(sync.refused)
local rejected_skus = cmsgpack.unpack(sync.rejected_skus)
local name = key('syncrows:', request.location)
local staged, skus = {}, {}
for _, row in ipairs(request.rows) do
  if row[1] ~= '' and not staged[row[1]] then
    staged[row[1]] = { count = 0 }
    skus[#skus + 1] = row[1]
  end
end
for first = 1, #skus, 1000 do
  local last = math.min(first + 999, #skus)
  for at, text in ipairs(redis.call('HMGET', name, unpack(skus, first, last))) do
    if text then
      local row = staged[skus[first + at - 1]]
      row.quantity, row.count = staged_row(text)
    end
  end
end

local function refuse(sku, row)
  rejected, merged = rejected + row.count, merged - math.max(0, row.count - 2)
  row.quantity, refused = nil, refused + 1
  if #rejected_skus < 100 then
    rejected_skus[#rejected_skus + 1] = sku
  end
end

for _, one in ipairs(request.rows) do
  local sku, quantity = one[1], one[2]
  local row = staged[sku]
  if row then
    row.count = row.count + 1
    local sum = sync.duplicates == 'sum' and (row.quantity or 0) + quantity or quantity
    if row.count > 1 and not row.quantity then
      rejected = rejected + 1
    elseif quantity < 0 or sum > request.quantity_max or row.count > 1 and sync.duplicates == 'reject' then
      refuse(sku, row)
    else
      row.quantity, merged = sum, merged + (row.count > 1 and 1 or 0)
    end
  else
    rejected = rejected + 1
  end
end
-- Apply.
local fields = {}
for _, sku in ipairs(skus) do
  local row = staged[sku]
  local text = row.quantity and string.format('%.0f', row.quantity) or 'x' .. row.count
  fields[#fields + 1], fields[#fields + 2] = sku, row.quantity and row.count > 1 and text .. '*' .. row.count or text
end
for first = 1, #fields, 1000 do
  redis.call('HSET', name, unpack(fields, first, math.min(first + 999, #fields)))
end
redis.call('HSET', key('sync:', request.location), 'rows', request.first_row + #request.rows, 'rejected', rejected,
  'merged', merged, 'refused', refused, 'rejected_skus', cmsgpack.pack(rejected_skus), 'touched_ms', clock(ARGV[1]))
redis.call('PEXPIRE', key('sync:', request.location), request.staged_ms)
redis.call('PEXPIRE', name, request.staged_ms)
return reply('DONE', request.first_row + #request.rows)
