-- Mirrors store/keys.py; a test holds both together. The tag is that of the one declared key, so
-- the engine refuses a key of any other slot.
local tag = string.sub(KEYS[1], 1, string.find(KEYS[1], '}:', 1, true) + 1)

local function key(kind, name)
  return tag .. kind .. name
end
