-- Notes how many rows of an entry of a source's stream are applied while others still wait, by write_all.
local function begun_at(source, id, count)
  if count > 0 then
    later({ 'HSET', key('begun:', source), id, count })
  end
end
