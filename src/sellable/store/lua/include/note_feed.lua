-- Counts the outcomes of a source's rows (negative: taken back), notes when it was heard and its newest facts, in
-- all and by location, in microseconds. It is written by write_all.
local function note_feed(source, counts, newest_us, locations, now)
  local feed = key('feed:', source)
  local names, times = { 'newest_us' }, { newest_us }
  for location, observe_us in pairs(locations) do
    names[#names + 1] = 'l:' .. location
    times[#times + 1] = observe_us
  end
  local sum, news = 0, { 'HSET', feed }
  for first = 1, #names, 1000 do
    local last = math.min(first + 999, #names)
    for at, known in ipairs(redis.call('HMGET', feed, unpack(names, first, last))) do
      if times[first + at - 1] > tonumber(known or 0) then
        news[#news + 1] = names[first + at - 1]
        news[#news + 1] = times[first + at - 1]
      end
    end
  end
  for outcome, count in pairs(counts) do
    sum = sum + count
    later({ 'HINCRBY', feed, outcome, count })
  end
  if sum > 0 then
    news[#news + 1] = 'heard_ms'
    news[#news + 1] = now
    later({ 'ZADD', key('feeds', ''), now, source })
  end
  if #news > 2 then
    later(news)
  end
end
