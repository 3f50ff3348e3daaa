-- Records what became of attempts of one destination.
--
-- KEYS  1 due   2 dead   3 done   4 pending
-- ARGV  1 destination   2 prefix of the event keys   3 prefix of the claim keys   4 window of the claim in seconds
--       5 how long a finished event is kept, in milliseconds   6 how many finished events are kept
--       then five for each attempt: member, token, `delivered` | `retry` | `dead` | `release`, delay in milliseconds,
--       answer; `release` hands back what was leased and not sent, and does not count as an attempt
-- Reply  for each attempt 1 recorded, or 0 overtaken: a later lease exists or the delivery is settled, and nothing was
--        changed
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = string.format('%.0f', now)
local reply = {}
-- Changes nothing, and is the first write: Redis does not refuse it when it is out of memory, nor what follows (see lease).
redis.call('PERSIST', KEYS[1])
for i = 7, #ARGV, 5 do
  local member, token, verdict, delay, answer = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local event = ARGV[2] .. member
  local latest = redis.call('HGET', event, 'a:' .. ARGV[1])
  if latest ~= token or not redis.call('ZSCORE', KEYS[1], member) then
    reply[#reply + 1] = 0
  elseif verdict == 'release' then
    redis.call('HINCRBY', event, 'x:' .. ARGV[1], 1)
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(delay)), member)
    reply[#reply + 1] = 1
  else
    redis.call('HSET', event, 's:' .. ARGV[1], verdict .. ' ' .. now_text .. ' ' .. answer)
    if verdict == 'retry' then
      redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(delay)), member)
    else
      redis.call('ZREM', KEYS[1], member)
      redis.call('DECR', KEYS[4])
      if verdict == 'dead' then
        redis.call('ZADD', KEYS[2], now_text, member)
        redis.call('HINCRBY', event, 'd', 1)
      end
      if redis.call('HINCRBY', event, 'n', -1) == 0 then
        redis.call('SET', ARGV[3] .. member, '1', 'EX', ARGV[4])
        -- An event with a dead letter is kept until somebody has looked at it.
        if not redis.call('HGET', event, 'd') then
          redis.call('ZADD', KEYS[3], now_text, member)
        end
      end
    end
    reply[#reply + 1] = 1
  end
end
-- History leaves a few at a time: two for each one that can have entered, so that it shrinks when the bound does.
local leaving = 2 * #reply
local expired = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now - tonumber(ARGV[5])), 'LIMIT', 0, leaving)
local surplus = math.min(leaving, redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[6]))
if surplus > #expired then
  expired = redis.call('ZRANGE', KEYS[3], 0, surplus - 1)
end
for _, member in ipairs(expired) do
  redis.call('ZREM', KEYS[3], member)
  redis.call('DEL', ARGV[2] .. member)
end
return reply
