-- Counts the outcome of a row of a source, and notes what the row tells about how recent the source and the feed of
-- the location are; note_tallies writes it. Returns the digit that stands for the outcome in the answer.
local tallies = {}
local heard = {}
local words = { APPLIED = 'applied', UNCHANGED = 'unchanged', STALE = 'stale', DUPLICATE = 'duplicate',
  REJECTED = 'rejected' }
local digits_of = { APPLIED = '1', UNCHANGED = '2', STALE = '3', DUPLICATE = '4', REJECTED = '5' }

local function tally(source, outcome, fact)
  local mine = tallies[source] or { counts = {}, newest_us = 0, locations = {} }
  tallies[source] = mine
  mine.counts[words[outcome]] = (mine.counts[words[outcome]] or 0) + 1
  if outcome == 'REJECTED' then
    return digits_of.REJECTED
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
  return digits_of[outcome]
end
