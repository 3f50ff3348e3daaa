-- Lets finished events leave, so that history shrinks without settlements, too (after history.lua).
--
-- KEYS  1 done
-- ARGV  1 prefix of the event keys   2 how long a finished event is kept, in milliseconds
--       3 how many finished events are kept   4 how many may leave in this call
-- Reply  how many have left
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return trim_history(KEYS[1], ARGV[1], now, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
