-- Whether a base is older than a full count, by (observe time, sequence, event id, source); a full
-- count has the sequence 0 and its own id as event id.
local function is_older(observe_us, sequence, event_id, source, sync)
  local mine = { tonumber(sync.observe_us), 0, sync.sync_id, sync.source }
  for at, value in ipairs({ observe_us, sequence, event_id, source }) do
    if value ~= mine[at] then
      return value < mine[at]
    end
  end
  return false
end
