#!lua
--[[
follow_ledger: move a follower of the ledger on, if it stands where the caller believes.
Why one script: of two workers that have seen to the same entries, none may take the follower back.
KEYS[1]  network             hash    the partition's network; every other key has its tag
ARGV[1]  now_ms              int     not used
ARGV[2]  ledger_entries_max  int     not used
ARGV[3]  name                string  who follows
ARGV[4]  from                string  where it stands, empty = nowhere yet
ARGV[5]  to                  string  the last entry that was seen to
OUTCOME  DONE                where it stands now
OUTCOME  CONFLICT            where it stands: somebody else moved it
COST     constant
]]
--- @include key append_ledger reply
local name = key('follow:', ARGV[3])
local position = redis.call('GET', name) or ''
if position == ARGV[5] then
  return reply('DONE', position)
elseif position ~= ARGV[4] then
  return reply('CONFLICT', position)
end
redis.call('SET', name, ARGV[5])
return reply('DONE', ARGV[5])
