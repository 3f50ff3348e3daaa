-- Lets finished events leave, so that history shrinks without settlements, too, and forgets the names of destinations
-- that nothing is kept for (after queue.lua and history.lua).
--
-- KEYS  1 destinations
-- ARGV  1 what all keys begin with   2 how long a finished event is kept, in milliseconds
--       3 how many finished events are kept   4 how many may leave in this call
-- Reply  how many have left
local base = ARGV[1]
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('EXISTS', base .. 'due:' .. name, base .. 'dead:' .. name, base .. 'held:' .. name) == 0 then
    redis.call('SREM', KEYS[1], name)
  end
end
return trim_history(base, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
