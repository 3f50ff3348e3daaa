-- Takes deliveries of one destination that are due, and moves them ahead by the length of the lease.
--
-- KEYS  1 due   2 pending   3 rate   4 breaker
-- ARGV  1 destination   2 most deliveries to take   3 lease in milliseconds   4 prefix of the event keys
--       5 bytes of bodies after which to take no more
--       6 attempts for each millisecond, over all processes, or empty for no limit   7 attempts that may come at once
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
local most = tonumber(ARGV[2])
-- A token bucket: it fills at the rate, holds no more than what may come at once, and each lease takes one.
local rate, tokens, filled_at = tonumber(ARGV[6]), nil, now
if rate then
  local bucket = redis.call('HMGET', KEYS[3], 'n', 'at')
  filled_at = tonumber(bucket[2]) or now
  local filled = math.max(0, now - filled_at) * rate
  tokens = math.min(tonumber(ARGV[7]), (tonumber(bucket[1]) or tonumber(ARGV[7])) + filled)
  most = math.min(most, math.floor(tokens))
end
-- An open breaker lets nothing through until its time has come, and then a single delivery, the probe.
local open_until = tonumber(redis.call('HGET', KEYS[4], 'o'))
if open_until then
  most = now < open_until and 0 or math.min(most, 1)
end
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, most)
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
if open_until and #reply > 1 then
  -- If the process dies with the probe, the next one may be sent when its lease has run out.
  open_until = tonumber(lease_end)
  redis.call('HSET', KEYS[4], 'o', lease_end, 'p', reply[2][1])
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if not first[2] then
  reply[1] = -1
else
  reply[1] = math.max(0, tonumber(first[2]) - now)
end
-- Written, too, where the clock was set back: the bucket would not fill until it has caught up.
if rate and (#reply > 1 or filled_at > now) then
  tokens = tokens - (#reply - 1)
  redis.call('HSET', KEYS[3], 'n', string.format('%.17g', tokens), 'at', string.format('%.0f', now))
  -- When it is full again it may as well not be there.
  redis.call('PEXPIRE', KEYS[3], string.format('%.0f', math.ceil(tonumber(ARGV[7]) / rate) + 1000))
end
if rate and first[2] and tokens < 1 then
  local refill = rate > 0 and math.ceil((1 - tokens) / rate) or 60000
  reply[1] = math.max(reply[1], refill)
end
if open_until and first[2] then
  reply[1] = math.max(reply[1], open_until - now)
end
return reply
