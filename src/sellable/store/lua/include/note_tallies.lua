-- Notes what was counted of every source, and that locations were heard of, by write_all.
local function note_tallies(now)
  for source, mine in pairs(tallies) do
    note_feed(source, mine.counts, mine.newest_us, mine.locations, now)
  end
  note_seen(heard, now)
end
