-- Keeps a delta or shipment beside its place; all of a place are written together.
local function keep_fact(state, facts, id, observe_us, quantity, sequence)
  local told = { observe_us, quantity, sequence }
  if facts.all then
    facts.all[id] = told
  else
    facts.news[id] = told
  end
  local times, ids = facts.times_news, facts.ids_news
  if not times or #times > 1000 then
    times, ids = { 'ZADD', facts.times }, { 'HSET', facts.ids }
    facts.times_news, facts.ids_news = times, ids
    state.writes[#state.writes + 1] = times
    state.writes[#state.writes + 1] = ids
  end
  times[#times + 1] = observe_us
  times[#times + 1] = id
  ids[#ids + 1] = id
  ids[#ids + 1] = cmsgpack.pack(quantity, sequence)
end
