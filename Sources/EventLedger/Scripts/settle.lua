-- Records what became of attempts of one destination (after queue.lua, record.lua and history.lua).
--
-- KEYS  1 due   2 pending   3 breaker
-- ARGV  1 what all keys begin with   2 destination   3 window of the claim in seconds
--       4 how long a finished event is kept, in milliseconds   5 how many finished events are kept
--       6 failures in a row that open the breaker   7 time until the first probe, 8 longest time between probes, in
--       milliseconds   9 how long the stale guard remembers, in milliseconds, or empty where there is none
--       then four for each attempt: member, token, its duration in milliseconds, and `=` where all else is as in the one
--       before; or `delivered` | `retry` | `dead` | `held` | `release` | `unlease <mark>` with four more: delay in
--       milliseconds, answer, `up` | `failing` | `untested`, the beginning of the body of the answer; `release` hands back
--       what was leased and not sent, and does not count as an attempt; `unlease` does so if it was the claim of that
--       mark that leased it, of which the caller has no word
-- Reply  for each attempt 1 recorded; 2 recorded as `retry` though it was `dead`, for it was the probe of a destination
--        that is still broken, and a probe gives no delivery up; or 0 overtaken: a later lease exists or the delivery was
--        settled otherwise, and nothing was changed; and last `opened`, `closed` or an empty text for the breaker
local base, destination = ARGV[1], ARGV[2]
local reply = {}
-- Changes nothing, and is the first write: Redis does not refuse it when it is out of memory, nor what follows (see lease).
redis.call('PERSIST', KEYS[1])

-- The breaker: `f` failures in a row; while it is open `o` when the next probe may go, `i` the time between probes and
-- `p` the probe under way. Without a failure there is no key.
local breaker = redis.call('HMGET', KEYS[3], 'f', 'o', 'i', 'p')
local failures, was_open = tonumber(breaker[1] or '0'), breaker[2]
local open_until, interval, probe = tonumber(breaker[2]), tonumber(breaker[3] or ARGV[7]), breaker[4]
local is_changed = false
local function note(member, health)
  if health == 'up' then
    is_changed = is_changed or failures > 0
    failures, open_until, probe = 0, nil, false
  elseif health == 'failing' then
    is_changed, failures = true, failures + 1
    if open_until and probe == member then
      interval = math.min(interval * 2, tonumber(ARGV[8]))
      open_until, probe = now + interval, false
    elseif not open_until and failures >= tonumber(ARGV[6]) then
      interval = tonumber(ARGV[7])
      open_until = now + interval
    end
  elseif open_until and probe == member then
    -- The probe was not sent after all.
    is_changed, open_until, probe = true, now, false
  end
end

-- Remembers the time of the latest event of a family and subject that was delivered.
local function remember(event, member)
  local head = redis.call('HGET', event, 'm')
  local _, event_time, type, subject = describe(head)
  if subject == '' then
    return
  end
  local key = guard_key(base, destination, member, type, subject)
  if event_time > (tonumber(redis.call('GET', key)) or -math.huge) then
    redis.call('SET', key, text(event_time), 'PX', ARGV[9])
  else
    redis.call('PEXPIRE', key, ARGV[9])
  end
end

-- What the attempts have in common is written once, at the end: which deliveries wait no more, when others are due, and
-- which events are finished.
local gone, due, finished = {}, {}, {}

-- Whether the same was said before, as when the reply to it was lost: that is no fault, and changes nothing.
local function is_known(verdict, stands, score, lines)
  if stands ~= 'pending' then
    return string.match(lines, '^\n(%S+)') == verdict
  end
  return (verdict == 'retry' or verdict == 'release') and not is_leased(score)
end

local events, field, body_field = base .. 'event:', ':' .. destination, 'y:' .. destination

-- Gives the reply, and whether it is news.
local function settle(score, member, token, duration, said)
  local event, mark, verdict, delay = events .. member, said.mark, said.verdict, said.delay
  local fields = redis.call('HMGET', event, field, 'n', 'd')
  local state, waiting, aside = fields[1], fields[2], fields[3]
  if not state then
    return 0
  end
  local ended, unmade, flags, lines = read(state)
  local stands = standing(lines)
  if ended == token then
    -- Whose lease it was that ran out is not known any more: the copy of an event must not release it.
    if stands ~= 'held' or verdict == 'held' or mark then
      return is_known(verdict, stands, score, lines) and 1 or 0
    end
    -- It was held because nothing was known of its latest attempt: now something is.
    redis.call('ZREM', base .. 'held:' .. destination, member)
    redis.call('INCR', KEYS[2])
    waiting, aside = waiting + 1, (aside or 0) - 1
    enqueue(base, destination, member, is_ordered(flags) and lane_of(redis.call('HGET', event, 'm'), member))
  elseif ended + 1 ~= tonumber(token) or not is_leased(score) or mark and not is_leased_by_claim(base, member, score, mark) then
    return 0
  end
  local is_spared = verdict == 'dead' and said.health == 'failing' and open_until and probe == member
  if is_spared then
    verdict, delay = 'retry', interval
  end
  if verdict == 'release' then
    unmade = unmade + 1
    lines = stands == 'held' and add_line(lines, 'queued', 0, 0, said.answer) or lines
  else
    if said.body ~= '' then
      redis.call('HSET', event, body_field, said.body)
    elseif lines ~= '' then
      redis.call('HDEL', event, body_field)
    end
    lines = add_line(lines, verdict, unmade == '0' and token or token - unmade, duration, said.answer)
  end
  if verdict == 'retry' or verdict == 'release' then
    local at = text(now + tonumber(delay))
    if stands == 'held' then
      -- It may be behind others of its lane, and one of these in this call.
      redis.call('ZADD', KEYS[1], 'XX', at, member)
    else
      due[#due + 1], due[#due + 2] = at, member
    end
  else
    gone[#gone + 1] = member
    waiting = waiting - 1
    if verdict ~= 'delivered' then
      redis.call('ZADD', base .. verdict .. ':' .. destination, moment, member)
      aside = (aside or 0) + 1
    elseif ARGV[9] ~= '' then
      remember(event, member)
    end
  end
  state = token .. ' ' .. unmade .. ' ' .. flags .. lines
  if aside then
    redis.call('HSET', event, field, state, 'n', text(waiting), 'd', text(aside))
  else
    redis.call('HSET', event, field, state, 'n', text(waiting))
  end
  if verdict ~= 'retry' and verdict ~= 'release' then
    if is_ordered(flags) then
      pass_on(base, destination, event, member)
    end
    if tonumber(waiting) == 0 then
      renew_claim(base, member, ARGV[3])
      if not aside or tonumber(aside) == 0 then
        finished[#finished + 1], finished[#finished + 2] = moment, member
      end
    end
  end
  return is_spared and 2 or 1, true
end

-- What became of an attempt, and of those after it that say nothing else.
local function read_said(at)
  local verdict, delay, answer, health, body = unpack(ARGV, at, at + 4)
  local mark = string.match(verdict, '^unlease (%d+)$')
  return { verdict = mark and 'release' or verdict, mark = mark, delay = delay, answer = answer, health = health,
    body = body }
end

local members, first, at = {}, {}, 10
while ARGV[at] do
  members[#members + 1], first[#first + 1] = ARGV[at], at
  at = at + (ARGV[at + 3] == '=' and 4 or 8)
end
local scores = #members > 0 and redis.call('ZMSCORE', KEYS[1], unpack(members))
local said
for i, member in ipairs(members) do
  local at = first[i]
  said = ARGV[at + 3] == '=' and said or read_said(at + 3)
  local result, is_news = settle(scores[i], member, ARGV[at + 1], ARGV[at + 2], said)
  if is_news then
    note(member, said.health)
  end
  reply[i] = result
end
if #due > 0 then
  redis.call('ZADD', KEYS[1], 'XX', unpack(due))
end
if #gone > 0 then
  redis.call('ZREM', KEYS[1], unpack(gone))
  redis.call('DECRBY', KEYS[2], #gone)
end
if #finished > 0 then
  redis.call('ZADD', base .. 'history', unpack(finished))
end
if is_changed then
  redis.call('DEL', KEYS[3])
  if failures > 0 then
    redis.call('HSET', KEYS[3], 'f', failures)
    if open_until then
      redis.call('HSET', KEYS[3], 'o', text(open_until), 'i', interval)
    end
    if probe then
      redis.call('HSET', KEYS[3], 'p', probe)
    end
    -- Forgotten when nobody has tried for a day beyond the longest pause.
    redis.call('PEXPIRE', KEYS[3], text(86400000 + tonumber(ARGV[8])))
  end
end
-- History leaves a few at a time: two for each one that can have entered, so that it shrinks when the bound does.
trim_history(base, tonumber(ARGV[4]), tonumber(ARGV[5]), 2 * #reply)
reply[#reply + 1] = open_until and not was_open and 'opened' or was_open and not open_until and 'closed' or ''
return reply
