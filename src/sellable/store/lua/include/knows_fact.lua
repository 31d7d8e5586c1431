-- Whether a delta or shipment is kept already, so that it is a repeat.
local function knows_fact(facts, id)
  if facts.all then
    return facts.all[id] ~= nil
  end
  return facts.news[id] ~= nil or (not facts.gone[id] and redis.call('HEXISTS', facts.ids, id) == 1)
end
