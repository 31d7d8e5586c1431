-- Which of a count and a base is the greater by (observe time, sequence, event id, source): above 0 if the count
-- is, 0 if they are one.
local function compare_counts(count, base)
  if count.observe_us ~= base[2] then
    return count.observe_us - base[2]
  elseif count.sequence ~= base[3] then
    return count.sequence - base[3]
  elseif count.event_id ~= base[4] then
    return count.event_id > base[4] and 1 or -1
  elseif count.source ~= base[5] then
    return count.source > base[5] and 1 or -1
  end
  return 0
end
