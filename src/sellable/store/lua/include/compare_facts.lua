-- Which of a fact and what was told before it is the greater by (observe time, sequence, event id, source): above
-- 0 if the fact is, 0 if they are one. `before` is a base, or a setting as it is stored.
local function compare_facts(fact, before)
  if fact.observe_us ~= before[2] then
    return fact.observe_us - before[2]
  elseif fact.sequence ~= before[3] then
    return fact.sequence - before[3]
  elseif fact.event_id ~= before[4] then
    return fact.event_id > before[4] and 1 or -1
  elseif fact.source ~= before[5] then
    return fact.source > before[5] and 1 or -1
  end
  return 0
end
