#!lua
--[[
give_up_entry: rows of an entry that nobody could apply become dead letters, the entry is gone. Stops when
the work of one script is done; the caller sends the rest again.
Why one script: a row that is given up is counted once, and so not as applied too.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     0 = the engine's clock
ARGV[2]  ledger_entries_max  int     length that bounds the ledger
ARGV[3]  retention_ms        int     how long closed reservations, request ids and facts are kept
ARGV[4]  request             msgpack source, id of the entry, detail, rows_max, letters_max, rows: all of the entry
OUTCOME  DONE                how many rows were given up, and 1 where the entry is gone now
OUTCOME  GONE                nothing: the entry does not wait any more
COST     rows, at most rows_max
]]
--- @include key clock append_ledger later note_feed keep_letter rows_applied begun_at finish_entries
--- @include reply write_all
local request = cmsgpack.unpack(ARGV[4])
local now = clock(ARGV[1])
local source, rows = request.source, request.rows
local before = rows_applied(source, request.id)
if not before then
  return reply('GONE', {})
end
local last = math.max(before, math.min(#rows, before + request.rows_max))
for at = before + 1, last do
  keep_letter(source, rows[at], '', request.detail, 'dead', request.letters_max)
end
if last > before then
  note_feed(source, { dead = last - before }, 0, {}, now)
end
if last >= #rows then
  finish_entries(source, { request.id })
else
  begun_at(source, request.id, last)
end
write_all()
return reply('DONE', { last - before, last >= #rows and 1 or 0 })
