-- Makes the writes that wait, in their order.
local function write_all()
  for _, write in ipairs(writes) do
    if type(write) == 'function' then
      write()
    else
      redis.call(unpack(write))
    end
  end
end
