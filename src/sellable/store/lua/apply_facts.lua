#!lua
--[[
apply_facts: facts of the back ends about positions, each with its own answer, in order. Stops when
the work of one script is done; the caller sends the rest again.
Why one script: a fact changes position, supplies, view and ledger together.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack future_tolerance_ms, work_max, requests_max, supplies_max, facts (kind, event_id,
                                     source, sku, location, observe_us, sequence, quantity, reservation_id, line_id,
                                     reason, supply_id, expect_ms, final)
OUTCOME  DONE                for each fact that was answered: 1 APPLIED 2 UNCHANGED 3 STALE 4 DUPLICATE
                             5 REJECTED, error reason, detail
COST     facts x markets of their locations, at most work_max
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market add_supply
--- @include set_position sellable_now record append_ledger load_supplies flush_supplies flush_sku
--- @include quota_of flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due adopt_rules create_position base_of follows_base apply_delta
--- @include ship confirm_hold shipped_parts close_if_empty apply_count outstanding find_supply
--- @include apply_future apply_receipt apply_setting apply_shipment reply whole_second silence
--- @include age_location note_seen
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local answers = {}
local touched, heard = {}, {}
local work = 0

local function apply_fact(fact, place)
  if fact.observe_us < (now - retention_ms) * 1000 then
    return 'REJECTED', 'TOO_OLD', 'observed longer ago than the retention of ' .. retention_ms .. ' ms'
  end
  if fact.observe_us > (now + request.future_tolerance_ms) * 1000 then
    return 'REJECTED', 'IN_FUTURE', 'observed more than ' .. request.future_tolerance_ms .. ' ms ahead'
  end
  local state = load_sku(fact.sku)
  if not touched[state] and fact.supply_id ~= '' then
    load_supplies(state)
    work = work + state.supplies_bytes / 200
  end
  touched[state] = true
  if fact.kind == 'count' then
    return apply_count(state, fact, now, retention_ms)
  elseif fact.kind == 'delta' then
    local outcome = apply_delta(state, fact.location, fact, now, retention_ms)
    if outcome == 'APPLIED' then
      record(state, 'ON_HAND', fact.location, fact.quantity, nil, fact.source)
    end
    return outcome
  elseif fact.kind == 'shipment' then
    return apply_shipment(state, fact, request.requests_max, now, retention_ms)
  elseif fact.kind == 'future' or fact.kind == 'receipt' then
    local apply = fact.kind == 'future' and apply_future or apply_receipt
    return apply(state, fact, request.supplies_max, now, retention_ms)
  end
  return apply_setting(state, fact, place)
end

local codes = { APPLIED = 1, UNCHANGED = 2, STALE = 3, DUPLICATE = 4, REJECTED = 5 }
for at, row in ipairs(request.facts) do
  local fact = { kind = row[1], event_id = row[2], source = row[3], sku = row[4], location = row[5],
    observe_us = row[6], sequence = row[7], quantity = row[8], reservation_id = row[9], line_id = row[10],
    supply_id = row[12], expect_ms = row[13], final = row[14] }
  local place = location_of(fact.location)
  local outcome, reason, detail
  if place then
    outcome, reason, detail = apply_fact(fact, place)
    work = work + 8 + (outcome == 'APPLIED' and #place.markets / 5 or 0)
  else
    outcome, reason, detail = 'REJECTED', 'UNKNOWN_LOCATION', 'location ' .. fact.location .. ' is not known'
  end
  if outcome == 'REJECTED' and not reason then
    reason, detail = 'INVALID_FIELD', 'on hand would leave the range of -10^12 to 10^12'
  end
  if outcome ~= 'REJECTED' and (fact.kind == 'count' or fact.kind == 'delta' or fact.kind == 'shipment') then
    heard[fact.location] = math.max(heard[fact.location] or 0, fact.observe_us)
  end
  answers[at] = { codes[outcome], reason or '', detail or '' }
  if work > request.work_max then
    break
  end
end
for state in pairs(touched) do
  local overcommitted = 0
  for _, quantity in pairs(state.overcommitted or {}) do
    overcommitted = math.max(overcommitted, quantity)
  end
  if overcommitted > 0 then
    expire_due(state, now, retention_ms)
  end
end
flush_all(now)
note_seen(heard, now)
return reply('DONE', answers)
