-- The working copy of how many units a quota has given out. A quota that the network has dropped has no
-- counter any more: what is given back to it later is given back to nobody.
local quota_counts = {}

local function quota_of(name)
  local quota = quota_counts[name]
  if not quota then
    local taken = redis.call('HGET', key('q', ''), name)
    quota = { taken = tonumber(taken or 0), change = 0, counted = taken ~= false }
    quota_counts[name] = quota
  end
  return quota
end
