#!lua
--[[
retry_letter: apply the row of a dead letter again; what is not refused is counted as what became of it.
Why one script: two who retry one letter at once must count it once, and a crash must leave no half.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack source, id, future_tolerance_ms, requests_max, supplies_max, and fact, or why the
                                     row still is none: reason, detail
OUTCOME  DONE                outcome as in apply_facts, error reason, detail; refused, the letter stays
OUTCOME  GONE                nothing: there is no such letter any more
OUTCOME  MORE_DUE            the SKU: more of its holds are due than fit one script; expire them first
COST     markets of the fact's location
]]
--- @include key clock location_of new_sku load_sku share_of units position_of find_market market_at
--- @include add_to_markets add_supply set_position sellable_now record append_ledger load_supplies
--- @include flush_supplies note_number show_at_once show_numbers flush_sku quota_of flush_numbers
--- @include note_rebased flush_all holdings load_reservation store_reservation count_quotas unbind
--- @include give_back settle expire_due later store_later settle_shortages adopt_rules base_of
--- @include create_position follows_base facts_of knows_fact kept_facts keep_fact forget_facts
--- @include forget_old apply_delta outflow_of note_outflow ship confirm_hold shipped_parts use_capacity
--- @include settle_capacities close_if_empty compare_facts
--- @include apply_count outstanding find_supply apply_future apply_receipt apply_setting apply_shipment
--- @include look_at fact_of apply_fact whole_second silence show_next note_seen note_feed reply
--- @include write_all
local request = cmsgpack.unpack(ARGV[4])
local retention_ms = tonumber(ARGV[3])
local now = clock(ARGV[1])
local letters, tried_key = key('dead:', request.source), key('tried:', request.source)
local found = redis.call('XRANGE', letters, request.id, request.id)[1]
if not found then
  redis.call('HDEL', tried_key, request.id)
  return reply('GONE', 0)
end
local letter = cmsgpack.unpack(found[2][2])

-- Decide.
local outcome, reason, detail = 'REJECTED', request.reason, request.detail
local fact = request.fact and fact_of(request.fact)
if fact then
  outcome, reason, detail = apply_fact(fact, request, now, retention_ms)
end
settle_shortages(now, retention_ms)

-- Apply.
if not outcome then
  flush_all(now)
  write_all()
  return reply('MORE_DUE', { fact.sku })
elseif outcome == 'REJECTED' then
  local tried = redis.call('HGET', tried_key, request.id)
  local attempts = (tried and cmsgpack.unpack(tried)[1] or letter[4]) + 1
  -- Notes of letters that the stream forgot are never asked for: they go when they could be too many.
  if not tried and redis.call('HLEN', tried_key) >= redis.call('XLEN', letters) then
    later({ 'DEL', tried_key })
  end
  later({ 'HSET', tried_key, request.id, cmsgpack.pack({ attempts, reason or '', detail or '' }) })
else
  local seen = {}
  if fact.kind == 'count' or fact.kind == 'net' or fact.kind == 'delta' or fact.kind == 'shipment' then
    seen[fact.location] = fact.observe_us
  end
  note_feed(request.source, { [letter[5]] = -1, [string.lower(outcome)] = 1 }, fact.observe_us, seen, now)
  note_seen(seen, now)
  later({ 'XDEL', letters, request.id })
  later({ 'HDEL', tried_key, request.id })
end
flush_all(now)
write_all()
local codes = { APPLIED = 1, UNCHANGED = 2, STALE = 3, DUPLICATE = 4, REJECTED = 5 }
return reply('DONE', { codes[outcome], reason or '', detail or '' })
