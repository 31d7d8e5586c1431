#!lua
--[[
put_items: master data of SKUs; the latest update time wins. A change of class recomputes the SKU,
because rules may name the class. Stops when the work of one script is done.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack work_max, future_tolerance_ms, items (sku, update_us, class, weight, volume,
                                     currency, units, nanos)
OUTCOME  DONE                for each item that was answered: 1 APPLIED 2 UNCHANGED 3 STALE
                             5 REJECTED: updated too far in the future
COST     items x positions x markets where the class changes, at most work_max beyond the last one
]]
--- @include key clock location_of new_sku load_sku share_of units find_market market_at
--- @include add_to_markets add_supply sellable_now record append_ledger load_supplies flush_supplies
--- @include note_number show_at_once show_numbers flush_sku quota_of flush_numbers note_rebased flush_all adopt_rules
--- @include stored_fields recompute reply
local request = cmsgpack.unpack(ARGV[4])
local now = clock(ARGV[1])
local answers, work = {}, 0
for at, item in ipairs(request.items) do
  local sku = table.remove(item, 1)
  local state = load_sku(sku)
  local old = state.item
  local outcome = 1
  if item[1] > (now + request.future_tolerance_ms) * 1000 then
    outcome = 5
  elseif old and item[1] < old[1] then
    outcome = 3
  elseif old and cmsgpack.pack(old) == cmsgpack.pack(item) then
    outcome = 2
  else
    redis.call('HSET', state.key, ':i', cmsgpack.pack(item))
    state.item = item
    if state.epoch and (not old and item[2] ~= '' or old and old[2] ~= item[2]) then
      work = work + recompute(state)
    end
  end
  answers[at] = outcome
  work = work + 1
  if work > request.work_max then
    break
  end
end
flush_all(now)
return reply('DONE', answers)
