-- Measures what waits for one destination.
--
-- KEYS  1 due   2 dead   3 breaker
-- ARGV  1 prefix of the event keys   2 how many deliveries to look at for the oldest
-- Reply  { deliveries pending, dead letters, age in milliseconds of the oldest pending event looked at,
--          1 while the breaker is open }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = now
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1)) do
  local received = tonumber(redis.call('HGET', ARGV[1] .. member, 'r') or now)
  if received < oldest then
    oldest = received
  end
end
return { redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2]), now - oldest,
  redis.call('HEXISTS', KEYS[3], 'o') }
