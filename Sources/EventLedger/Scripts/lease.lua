-- Takes deliveries of one destination that are due, and moves them ahead by the length of the lease.
--
-- KEYS  1 due   2 pending
-- ARGV  1 destination   2 most deliveries to take   3 lease in milliseconds   4 prefix of the event keys
--       5 bytes of bodies after which to take no more
-- Reply  { milliseconds until the next delivery falls due (-1 if none waits),
--          { member, token, attempts not made before, type, subject, content type, traceparent, signed timestamp,
--            received at, body }, … }
--
-- The new score is the visibility timeout: if the process dies, the delivery falls due again for whoever asks first.
-- The token fences: it grows with each lease, and settle takes an answer for the latest one only.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease_end = string.format('%.0f', now + tonumber(ARGV[3]))
local reply = { 0 }
local bytes = 0
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[2])
if #members > 0 then
  -- A Redis that is out of memory refuses a script's first write if it could grow, as ZADD can, and lets through what
  -- follows another: PERSIST changes nothing here. What waits must still be delivered, or the memory stays full.
  redis.call('PERSIST', KEYS[1])
end
for _, member in ipairs(members) do
  if bytes >= tonumber(ARGV[5]) then
    break
  end
  local event = ARGV[4] .. member
  local fields = redis.call('HMGET', event, 't', 'j', 'c', 'p', 's', 'r', 'b', 'x:' .. ARGV[1])
  if fields[1] then
    redis.call('ZADD', KEYS[1], 'XX', lease_end, member)
    bytes = bytes + #fields[7]
    local token = redis.call('HINCRBY', event, 'a:' .. ARGV[1], 1)
    reply[#reply + 1] = {
      member, token, fields[8] or '0', fields[1], fields[2], fields[3], fields[4], fields[5], fields[6], fields[7]
    }
  else
    -- Only a hand that deletes keys gets here: without its event a delivery is nothing.
    redis.call('ZREM', KEYS[1], member)
    redis.call('DECR', KEYS[2])
  end
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first[2] then
  reply[1] = math.max(0, tonumber(first[2]) - now)
else
  reply[1] = -1
end
return reply
