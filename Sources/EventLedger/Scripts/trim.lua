-- Lets finished events leave that are older or more than are kept, so that history shrinks without settlements, too.
--
-- KEYS  1 done
-- ARGV  1 prefix of the event keys   2 how long a finished event is kept, in milliseconds
--       3 how many finished events are kept   4 how many may leave in this call
-- Reply  how many have left
--
-- Only writes that a Redis out of memory takes, too: history must never keep the door shut.
local time = redis.call('TIME')
local oldest = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[2]))
local most = tonumber(ARGV[4])
local leaving = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', oldest, 'LIMIT', 0, most)
local surplus = math.min(most, redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[3]))
if surplus > #leaving then
  leaving = redis.call('ZRANGE', KEYS[1], 0, surplus - 1)
end
for _, member in ipairs(leaving) do
  redis.call('ZREM', KEYS[1], member)
  redis.call('DEL', ARGV[1] .. member)
end
return #leaving
