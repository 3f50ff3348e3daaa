-- Forgets an event, so that its sender can send it again.
--
-- KEYS  1 claim   2 event   3 history
-- ARGV  1 what all keys begin with   2 member
-- Reply  1 forgotten   0 not known   -1 deliveries are pending: nothing was changed
local base, member = ARGV[1], ARGV[2]
local fields = redis.call('HGETALL', KEYS[2])
for i = 1, #fields, 2 do
  if fields[i] == 'n' and tonumber(fields[i + 1]) > 0 then
    return -1
  end
end
local was_claimed = redis.call('DEL', KEYS[1])
for i = 1, #fields, 2 do
  local destination = string.match(fields[i], '^:(.*)$')
  if destination then
    redis.call('ZREM', base .. 'dead:' .. destination, member)
    redis.call('ZREM', base .. 'held:' .. destination, member)
  end
end
redis.call('ZREM', KEYS[3], member)
return math.max(was_claimed, redis.call('DEL', KEYS[2]))
