-- Counts the outcome of a row of a source, and notes what the row tells about how recent the source and the feed of
-- the location are; note_tallies writes it.
local tallies = {}
local heard = {}

local function tally(source, outcome, fact)
  local mine = tallies[source] or { counts = {}, newest_us = 0, locations = {} }
  tallies[source] = mine
  mine.counts[outcome] = (mine.counts[outcome] or 0) + 1
  if outcome == 'rejected' then
    return
  end
  local kind, location, observe_us = fact.kind, fact.location, fact.observe_us
  if observe_us > mine.newest_us then
    mine.newest_us = observe_us
  end
  if kind == 'count' or kind == 'delta' or kind == 'shipment' or kind == 'net' then
    if observe_us > (mine.locations[location] or 0) then
      mine.locations[location] = observe_us
    end
    if observe_us > (heard[location] or 0) then
      heard[location] = observe_us
    end
  end
end
