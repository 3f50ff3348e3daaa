-- Records what became of attempts of one destination (after history.lua).
--
-- KEYS  1 due   2 dead   3 done   4 pending   5 breaker
-- ARGV  1 destination   2 prefix of the event keys   3 prefix of the claim keys   4 window of the claim in seconds
--       5 how long a finished event is kept, in milliseconds   6 how many finished events are kept
--       7 failures in a row that open the breaker   8 time until the first probe, 9 longest time between probes, in
--       milliseconds
--       then six for each attempt: member, token, `delivered` | `retry` | `dead` | `release`, delay in milliseconds,
--       answer, `up` | `failing` | `untested`; `release` hands back what was leased and not sent, and does not count
--       as an attempt
-- Reply  for each attempt 1 recorded, or 0 overtaken: a later lease exists or the delivery is settled, and nothing was
--        changed; and last `opened`, `closed` or an empty text for the breaker
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = string.format('%.0f', now)
local reply = {}
-- Changes nothing, and is the first write: Redis does not refuse it when it is out of memory, nor what follows (see lease).
redis.call('PERSIST', KEYS[1])

-- The breaker: `f` failures in a row; while it is open `o` when the next probe may go, `i` the time between probes and
-- `p` the probe under way. Without a failure there is no key.
local state = redis.call('HMGET', KEYS[5], 'f', 'o', 'i', 'p')
local failures, was_open = tonumber(state[1] or '0'), state[2]
local open_until, interval, probe = tonumber(state[2]), tonumber(state[3] or ARGV[8]), state[4]
local is_changed = false
local function note(member, health)
  if health == 'up' then
    is_changed = is_changed or failures > 0
    failures, open_until, probe = 0, nil, false
  elseif health == 'failing' then
    is_changed, failures = true, failures + 1
    if open_until and probe == member then
      interval = math.min(interval * 2, tonumber(ARGV[9]))
      open_until, probe = now + interval, false
    elseif not open_until and failures >= tonumber(ARGV[7]) then
      interval = tonumber(ARGV[8])
      open_until = now + interval
    end
  elseif open_until and probe == member then
    -- The probe was not sent after all.
    is_changed, open_until, probe = true, now, false
  end
end

for i = 10, #ARGV, 6 do
  local member, token, verdict, delay, answer, health = unpack(ARGV, i, i + 5)
  local event = ARGV[2] .. member
  local latest = redis.call('HGET', event, 'a:' .. ARGV[1])
  if latest ~= token or not redis.call('ZSCORE', KEYS[1], member) then
    reply[#reply + 1] = 0
  elseif verdict == 'release' then
    redis.call('HINCRBY', event, 'x:' .. ARGV[1], 1)
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(delay)), member)
    note(member, health)
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
    note(member, health)
    reply[#reply + 1] = 1
  end
end
if is_changed then
  redis.call('DEL', KEYS[5])
  if failures > 0 then
    redis.call('HSET', KEYS[5], 'f', failures)
    if open_until then
      redis.call('HSET', KEYS[5], 'o', string.format('%.0f', open_until), 'i', interval)
    end
    if probe then
      redis.call('HSET', KEYS[5], 'p', probe)
    end
    -- Forgotten when nobody has tried for a day beyond the longest pause.
    redis.call('PEXPIRE', KEYS[5], string.format('%.0f', 86400000 + tonumber(ARGV[9])))
  end
end
-- History leaves a few at a time: two for each one that can have entered, so that it shrinks when the bound does.
trim_history(KEYS[3], ARGV[2], now, tonumber(ARGV[5]), tonumber(ARGV[6]), 2 * #reply)
reply[#reply + 1] = open_until and not was_open and 'opened' or was_open and not open_until and 'closed' or ''
return reply
