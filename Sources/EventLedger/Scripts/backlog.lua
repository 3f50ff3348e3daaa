-- Measures what waits for one destination (after queue.lua).
--
-- KEYS  1 due   2 behind   3 dead   4 held   5 breaker   6 paused
-- ARGV  1 what all keys begin with   2 destination   3 how many deliveries to look at for the oldest
-- Reply  { deliveries pending, dead letters, deliveries held, age in milliseconds of the oldest pending event looked
--          at, 1 while the breaker is open, 1 while the destination is paused }
local oldest = now
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[3]) - 1)) do
  local head = redis.call('HGET', ARGV[1] .. 'event:' .. member, 'm')
  oldest = math.min(oldest, head and tonumber(string.match(head, '^%d+')) or now)
end
local pending = redis.call('ZCARD', KEYS[1]) + tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0')
return { pending, redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]), now - oldest,
  redis.call('HEXISTS', KEYS[5], 'o'), redis.call('HEXISTS', KEYS[6], ARGV[2]) }
