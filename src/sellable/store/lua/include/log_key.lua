-- The key of a log of a source: a file, or a part of a stream that is not ours.
local function log_key(log)
  return key('log:', log.source .. ':' .. log.name)
end
