-- Moves a log on by so many rows, and the places before them that hold none, and counts their outcomes, by write_all.
local function note_log(log, count, now)
  local name = log_key(log)
  for outcome, rows in pairs(count > 0 and tallies[log.source].counts or {}) do
    later({ 'HINCRBY', name, outcome, rows })
  end
  later({ 'HSET', name, 'rows', log.first + (log.skip or 0) + count, 'update_ms', now })
  later({ 'PEXPIRE', name, log.keep_ms })
end
