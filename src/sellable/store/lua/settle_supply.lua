#!lua
--[[
settle_supply: move lines that wait for a supply to stock, as far as goods of it have arrived. Lines go in
order of reservation, each whole; one that does not fit waits and does not hold up the next.
Why one script: units must not be free for a moment between waiting and stock.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  supply              string  "<location>+<supply id>"
ARGV[5]  sku                 string  the SKU
ARGV[6]  after               int     number of the last reservation looked at; 0 = from the start
ARGV[7]  begun               int     what the call that began the walk answered; 0 = this one begins
OUTCOME  DONE                lines moved; the last reservation looked at, 0 once the walk is over; begun
COST     at most 40 lines moved and 200 reservations and lines looked at, and one reservation beyond
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle move_waiting reply
local place, sku, last = ARGV[4], ARGV[5], tonumber(ARGV[6])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local member = place .. ':' .. sku
local begun = ARGV[7]
if last == 0 then
  begun = redis.call('HGET', key('w', ''), member) or '0'
end
local state = load_sku(sku)
local supply = load_supplies(state)[place]
local moved, looked = 0, 0

local function move_lines(reservation)
  local before = moved
  for _, line in ipairs(reservation.lines) do
    looked = looked + 1
    for at = #line.allocations, 1, -1 do
      local waiting = line.allocations[at]
      local here = line.sku == sku and waiting.location == place and waiting.open > 0
      if here and waiting.open <= supply.pool then
        move_waiting(state, reservation, line, at, supply)
        moved = moved + 1
      end
    end
  end
  return moved > before
end

state.settling = true
local over = true
local ids = supply and supply.pool > 0
  and redis.call('ZRANGEBYSCORE', key('i:w:', member), '(' .. last, '+inf', 'WITHSCORES', 'LIMIT', 0, 201) or {}
for at = 1, #ids, 2 do
  if supply.pool == 0 then
    break
  elseif moved >= 40 or looked >= 200 then
    over = false
    break
  end
  local reservation = load_reservation(ids[at])
  looked = looked + 1
  if settle(reservation, now) then
    looked = looked + 5 * #reservation.lines
    store_reservation(reservation, now, retention_ms)
  elseif move_lines(reservation) then
    store_reservation(reservation, now, retention_ms)
  end
  last = ids[at + 1]
end
flush_all(now)
if over and redis.call('HGET', key('w', ''), member) == begun then
  redis.call('HDEL', key('w', ''), member)
end
return reply('DONE', { moved, over and 0 or tonumber(last), tonumber(begun) })
