-- Applies one fact to the working copies: its outcome, where it is REJECTED an error reason, a detail, and the
-- work that it was, in about microseconds of the engine: most of it is the first change of a SKU. No outcome:
-- more holds of the SKU are due than this script may expire before. `rows` from `at` on is where it stands, if among
-- others.
local function apply_fact(fact, request, now, retention_ms, rows, at)
  local place = location_of(fact.location)
  if not place then
    return 'REJECTED', 'UNKNOWN_LOCATION', 'location ' .. fact.location .. ' is not known', 0
  elseif fact.observe_us < (now - retention_ms) * 1000 then
    return 'REJECTED', 'TOO_OLD', 'observed longer ago than the retention of ' .. retention_ms .. ' ms', 0
  elseif fact.observe_us > (now + request.future_tolerance_ms) * 1000 then
    return 'REJECTED', 'IN_FUTURE', 'observed more than ' .. request.future_tolerance_ms .. ' ms ahead', 0
  end
  local kind, work = fact.kind, 0
  local state = look_at(fact.sku, fact.location, rows, at)
  local unchanged, markets = state.partial or not next(state.dirty), #place.markets / 5
  local outcome, reason, detail
  if kind == 'count' then
    outcome = apply_count(state, fact)
  elseif kind == 'delta' then
    outcome = apply_delta(state, fact.location, fact, now, retention_ms)
    if outcome == 'APPLIED' then
      record(state, 'ON_HAND', fact.location, fact.quantity, nil, fact.source)
      if fact.quantity < 0 then
        note_outflow(state, fact.location, -fact.quantity, fact.observe_us)
      end
    end
    work = 10
  elseif kind == 'net' then
    -- What holds past their time took is not reserved any more.
    work = 10 * expire_due(state, now, retention_ms, store_later)
    if more_due[fact.sku] then
      return nil
    end
    outcome = apply_count(state, fact)
  elseif kind == 'safety' or kind == 'blocked' then
    outcome = apply_setting(load_sku(fact.sku), fact)
  else
    load_sku(fact.sku)
    if fact.supply_id ~= '' then
      load_supplies(state)
      work = state.supplies_bytes / 20
    end
    local apply = kind == 'shipment' and apply_shipment or kind == 'future' and apply_future or apply_receipt
    local bound = kind == 'shipment' and request.requests_max or request.supplies_max
    outcome, reason, detail = apply(state, fact, bound, now, retention_ms)
    work = work + 40
  end
  if outcome == 'REJECTED' and not reason then
    reason, detail = 'INVALID_FIELD', 'on hand would leave the range of -10^12 to 10^12'
  end
  if not state.partial and next(state.dirty) then
    work = work + 10 + markets / 2 + (unchanged and 15 + #state.flat / 6 + 1.6 * markets or 0)
  end
  return outcome, reason, detail, work
end
