-- Appends one entry: kind, sku, location, quantity, reservation, source, time, then market and
-- number for every market whose number changed. Bounded by length.
local ledger_position = nil

local function append_ledger(entry, now, changed)
  entry[7] = now
  entry[8] = changed
  ledger_position = redis.call('XADD', key('ledger', ''), 'MAXLEN', '~', ARGV[2], '*',
    'e', cmsgpack.pack(entry))
end
