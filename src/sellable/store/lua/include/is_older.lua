-- Whether a base (nil: none) is older than a full count, which has the sequence 0 and its own id as event id.
local function is_older(base, sync)
  return compare_facts({ observe_us = tonumber(sync.observe_us), sequence = 0, event_id = sync.sync_id,
    source = sync.source }, base or { 0, 0, 0, '', '' }) > 0
end
