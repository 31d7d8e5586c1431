-- Writes the numbers that note_number has noted into the views, many SKUs of a market together.
local function flush_numbers()
  for market, numbers in pairs(shown) do
    for first = 1, numbers.count, 1000 do
      redis.call('HSET', key('v:', market), unpack(numbers, first, math.min(first + 999, numbers.count)))
    end
    shown[market] = nil
  end
end
