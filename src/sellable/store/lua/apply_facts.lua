#!lua
--[[
apply_facts: rows of the back ends' feeds, each with its own answer, in order. Stops when
the work of one script is done; the caller sends the rest again.
Why one script: a fact changes position, supplies, view and ledger together; and whoever applies a row
counts it and moves its feed on in the same step, so that nothing is applied or counted twice.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack future_tolerance_ms, work_max, requests_max, supplies_max, letters_max (0: refused
                                     rows are not kept), rows: facts (kind, event_id, source, sku, location,
                                     observe_us, sequence, quantity, reservation_id, line_id, reason, supply_id,
                                     expect_ms, final) or what could not be read (refused, source, reason, detail,
                                     payload); and what they are of, if anything: log (source, name, first: how many
                                     of its rows come before, skip: places in between
                                     that hold none, keep_ms), or queue (source, entries: id, how many of its
                                     rows were left out, how many are here)
OUTCOME  DONE                a digit for each row that was answered: 1 APPLIED 2 UNCHANGED 3 STALE 4 DUPLICATE
                             5 REJECTED; row from 0, error reason, detail of those with one; the work that it was;
                             for each entry looked at: rows applied before (-1: nobody waits for it any more),
                             rows applied now, 1 where it is finished
OUTCOME  OUT_OF_STEP         how many rows of the log are applied: not those before the ones that came
COST     rows and markets of their locations, at most work_max beyond the last one
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at add_to_markets
--- @include add_supply set_position sellable_now record append_ledger load_supplies flush_supplies note_number
--- @include show_at_once show_numbers flush_sku quota_of flush_numbers note_rebased flush_all holdings
--- @include load_reservation store_reservation count_quotas unbind give_back settle expire_due later store_later
--- @include settle_shortages adopt_rules base_of create_position follows_base facts_of knows_fact kept_facts
--- @include keep_fact forget_facts forget_old apply_delta outflow_of note_outflow ship confirm_hold shipped_parts
--- @include use_capacity settle_capacities close_if_empty compare_facts apply_count outstanding find_supply
--- @include apply_future apply_receipt apply_setting apply_shipment look_at fact_of apply_fact whole_second silence
--- @include show_next note_seen note_feed tally note_tallies log_key note_log keep_letter rows_applied begun_at
--- @include finish_entries reply write_all
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local rows, log, queue = request.rows, request.log, request.queue
local digits, remarks, entries, finished, work = {}, {}, {}, {}, 0

-- Applies rows of this call one after the other, and returns at which one it stopped.
local function apply_rows(at, last)
  while at <= last and work <= request.work_max do
    local row = rows[at]
    local fact, outcome, reason, detail, spent = nil, 'REJECTED', row[3], row[4], 0
    if row[1] ~= 'refused' then
      fact = fact_of(row)
      outcome, reason, detail, spent = apply_fact(fact, request, now, retention_ms, rows, at)
      if not outcome then
        work = request.work_max + 1
        break
      end
    end
    local source = log and log.source or queue and queue.source or row[fact and 3 or 2]
    digits[#digits + 1] = tally(source, outcome, fact)
    if outcome == 'REJECTED' and request.letters_max > 0 then
      keep_letter(source, row, reason, detail, 'rejected', request.letters_max)
      spent = spent + 8
    end
    if reason or detail then
      remarks[#remarks + 1] = { #digits - 1, reason or '', detail or '' }
    end
    at, work = at + 1, work + 11 + spent
  end
  return at
end
-- Decide.
if log then
  local applied = tonumber(redis.call('HGET', log_key(log), 'rows') or 0)
  if applied ~= log.first then
    return reply('OUT_OF_STEP', applied)
  end
end
local at = 1
for index, entry in ipairs(queue and queue.entries or {}) do
  local id, left_out, count, more = unpack(entry)
  local before = rows_applied(queue.source, id)
  local begin = before and at + math.max(0, before - left_out) or at
  local stop = before and before >= left_out and apply_rows(begin, at + count - 1) or begin
  local whole = not before or (before >= left_out and stop >= at + count and not more)
  entries[index] = { before or -1, stop - begin, whole and 1 or 0 }
  work = work + 6
  at = at + count
  if before and whole then
    finished[#finished + 1] = id
  elseif not whole then
    begun_at(queue.source, id, before + stop - begin)
    break
  end
end
if not queue then
  apply_rows(1, #rows)
end
settle_shortages(now, retention_ms)
note_tallies(now)

-- Apply.
if log and #digits > 0 then
  note_log(log, #digits, now)
end
finish_entries(queue and queue.source, finished)
flush_all(now)
write_all()
return reply('DONE', { table.concat(digits), remarks, work, entries })
