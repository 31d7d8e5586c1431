-- Says whose oldest count may be another now, to those who keep its time: store/ages.py.
local function note_rebased(names)
  redis.call('XADD', key('rebased', ''), 'MAXLEN', '~', 1000, '*', 's', cmsgpack.pack(names))
end
