-- Acknowledges and deletes entries of a source's stream, by write_all.
local function finish_entries(source, ids)
  if #ids > 0 then
    later({ 'XACK', key('in:', source), 'sellable', unpack(ids) })
    later({ 'XDEL', key('in:', source), unpack(ids) })
    later({ 'HDEL', key('begun:', source), unpack(ids) })
  end
end
