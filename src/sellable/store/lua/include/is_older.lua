-- Whether a base is older than a full count, by (observe time, sequence, event id, source); a full
-- count has the sequence 0 and its own id as event id.
local function is_older(observe_us, sequence, event_id, source, sync)
  local counted_us = tonumber(sync.observe_us)
  if observe_us ~= counted_us then
    return observe_us < counted_us
  elseif sequence ~= 0 then
    return false
  elseif event_id ~= sync.sync_id then
    return event_id < sync.sync_id
  end
  return source < sync.source
end
