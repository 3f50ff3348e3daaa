-- Claims an event and queues its deliveries: both or neither.
--
-- KEYS  1 claim   2 event   3 pending   4… due of each routed destination
-- ARGV  1 window of the claim in seconds   2 most deliveries that may be pending
--       3 member of the due sets   4 type   5 subject   6 content type   7 traceparent
--       8 signed timestamp in seconds   9 raw body   10 what all keys begin with
-- Reply  1 claimed   0 seen before   -1 too many deliveries pending: nothing was written
--
-- The first write is a SET, which Redis refuses when it is out of memory, read-only or unable to persist; what follows
-- in the same script is then never reached. Once it has passed, Redis lets the rest of the script through.
local claimed = redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1])
if not claimed then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  return 0
end
-- A claim can lapse while a delivery waits for hours; the event itself then still says that it was seen.
local left = redis.call('HGET', KEYS[2], 'n')
if left and tonumber(left) > 0 then
  return 0
end
local destinations = #KEYS - 3
if destinations == 0 then
  return 1
end
if tonumber(redis.call('GET', KEYS[3]) or '0') + destinations > tonumber(ARGV[2]) then
  redis.call('DEL', KEYS[1])
  return -1
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if left then
  -- Finished, and sent again after the claim had lapsed: it starts anew, so nothing may still call it finished.
  local dead = tonumber(redis.call('HGET', KEYS[2], 'd') or '0')
  for i = 4, #KEYS do
    dead = dead - redis.call('ZREM', (string.gsub(KEYS[i], ':due:', ':dead:', 1)), ARGV[3])
  end
  redis.call('ZREM', ARGV[10] .. 'done', ARGV[3])
  redis.call('DEL', KEYS[2])
  if dead > 0 then
    redis.call('HSET', KEYS[2], 'd', dead)
  end
end
redis.call('HSET', KEYS[2], 't', ARGV[4], 'j', ARGV[5], 'c', ARGV[6], 'p', ARGV[7], 's', ARGV[8], 'b', ARGV[9],
  'r', now, 'n', destinations)
for i = 4, #KEYS do
  redis.call('ZADD', KEYS[i], now, ARGV[3])
end
redis.call('INCRBY', KEYS[3], destinations)
return 1
