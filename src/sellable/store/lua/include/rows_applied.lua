-- How many rows of an entry of a source's stream were applied by earlier calls; nil where it does not wait in the
-- group any more: somebody finished it.
local function rows_applied(source, id)
  local found = redis.pcall('XPENDING', key('in:', source), 'sellable', id, id, 1)
  if found.err and not string.find(found.err, 'NOGROUP', 1, true) then
    error(found.err)
  end
  return found[1] and tonumber(redis.call('HGET', key('begun:', source), id) or 0)
end
