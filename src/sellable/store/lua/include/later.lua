-- A write that waits until everything was read and decided: a command, or a function. What fails before
-- write_all has written nothing.
local writes = {}

local function later(write)
  writes[#writes + 1] = write
end
