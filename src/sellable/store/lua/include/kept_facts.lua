-- Every delta and shipment that is kept of a place, by source and event id.
local function kept_facts(facts)
  if facts.all then
    return facts.all
  end
  local all = {}
  local ids = redis.call('ZRANGEBYSCORE', facts.times, '-inf', '+inf', 'WITHSCORES')
  for first = 1, #ids, 1000 do
    local page, times = {}, {}
    for at = first, math.min(first + 999, #ids), 2 do
      page[#page + 1], times[#times + 1] = ids[at], tonumber(ids[at + 1])
    end
    for at, packed in ipairs(redis.call('HMGET', facts.ids, unpack(page))) do
      if not facts.gone[page[at]] then
        all[page[at]] = { times[at], cmsgpack.unpack(packed) }
      end
    end
  end
  for id, told in pairs(facts.news) do
    all[id] = told
  end
  facts.all = all
  return all
end
