#!lua flags=no-writes
--[[
list_feeds: what each of some sources did, and what waits of it: all of a source of one moment.
Why one script: an entry that is applied meanwhile would be counted twice, or not at all.
KEYS[1]  network  hash    the partition's network; every other key has its tag
ARGV[1]  sources  msgpack names
OUTCOME  DONE     for each: applied, unchanged, stale, duplicate, rejected, given up, when it was heard in ms, its
                  newest observation in microseconds, after how many ms it is silent by its own word,
                  entries that wait, the id of the oldest or '', dead letters
COST     sources, and the oldest entry of each
]]
--- @include key
local answers = {}
for at, source in ipairs(cmsgpack.unpack(ARGV[1])) do
  local row = redis.call('HMGET', key('feed:', source), 'applied', 'unchanged', 'stale', 'duplicate', 'rejected',
    'dead', 'heard_ms', 'newest_us', 'silent_after_ms')
  for field = 1, 9 do
    row[field] = tonumber(row[field] or 0)
  end
  local oldest = redis.call('XRANGE', key('in:', source), '-', '+', 'COUNT', 1)
  row[10] = redis.call('XLEN', key('in:', source))
  row[11] = oldest[1] and oldest[1][1] or ''
  row[12] = redis.call('XLEN', key('dead:', source))
  answers[at] = row
end
return { 'DONE', cmsgpack.pack(answers) }
