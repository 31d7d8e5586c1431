-- Forgets deltas and shipments of a place; what is kept after this is written after it.
local function forget_facts(state, facts, ids)
  for _, id in ipairs(ids) do
    facts.gone[id] = true
    facts.news[id] = nil
    if facts.all then
      facts.all[id] = nil
    end
  end
  for first = 1, #ids, 1000 do
    local last = math.min(first + 999, #ids)
    state.writes[#state.writes + 1] = { 'ZREM', facts.times, unpack(ids, first, last) }
    state.writes[#state.writes + 1] = { 'HDEL', facts.ids, unpack(ids, first, last) }
  end
  facts.times_news, facts.ids_news = nil, nil
end
