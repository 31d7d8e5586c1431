-- A position that a fact speaks of for the first time: no units, the safety stock and the recall that the
-- rules give it. A SKU without any position before is computed under the network of this moment. A full
-- count of the location that found none of it becomes its base.
local function create_position(state, location)
  load_sku(state.sku)
  if not state.epoch then
    state.epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
  end
  local rules, recalls = adopt_rules(state)
  local place = location_of(location)
  local safety = rules[location] or place and place.safety or 0
  local recalled = recalls[location] or place and place.blocked or 0
  state.based[location] = base_of(state, location)[2] > 0 or nil
  set_position(state, location, 0, 0, safety, 2 * recalled)
  state.writes[#state.writes + 1] = { 'SADD', key('l:', location), state.sku }
  return position_of(state, location)
end
