-- Takes deliveries of one destination that are due, and moves them ahead by the length of the lease (after queue.lua and
-- record.lua).
--
-- KEYS  1 due   2 pending   3 rate   4 breaker   5 paused   6 the latest lease of this dispatcher
-- ARGV  1 what all keys begin with   2 destination   3 most deliveries to take   4 lease in milliseconds
--       5 attempts for each millisecond, over all processes, or empty for no limit   6 attempts that may come at once
--       7 the number of this request, which grows   8 `lost` where the reply to the one before never came, or empty
--       9 `hold` or `retry`: what becomes of an attempt that nothing was recorded of   10 `guard` where updates older
--       than one delivered are left out, or empty   11 window of the claim in seconds
-- Reply  { milliseconds until the next delivery falls due, below 0 if it has been due for so long (null if none waits, or
--          while the destination is paused),
--          1 where nothing may be taken before that, whatever falls due, or 0,
--          and then four for each delivery: member; 1 if the lease before ran out, or 0, or `held` or `stale` for what was
--          settled instead; its state, to which the token of this lease is the next; head }
--        or { -2 } for a request that a later one has overtaken: nothing was changed, and nobody reads the reply
--
-- The body of an event is left to a command of its own: it need not pass through Lua, and is read once for all of the
-- event's destinations.
--
-- The new score is the visibility timeout: if the process dies, the delivery falls due again for whoever asks first. It
-- ends in a half, so that a lease that ran out is told from a delay that is over. The token fences: it grows with each
-- lease, and settle takes an answer for the latest one only. What a lease of many writes it writes once.
local base, destination = ARGV[1], ARGV[2]
local lease_end = text(now + tonumber(ARGV[4])) .. '.5'

-- A Redis that is out of memory refuses a script's first write if it could grow, as ZADD can, and lets through what
-- follows another: PERSIST changes nothing here. What waits must still be delivered, or the memory stays full.
local has_written = false
local function prepare_to_write()
  if not has_written then
    redis.call('PERSIST', KEYS[1])
    has_written = true
  end
end

-- A reply that got lost has leased what nobody knows of: it is handed back. And a request that was given up may still
-- be under way: it must lease nothing when it arrives after its successor.
local latest = redis.call('GET', KEYS[6])
if latest then
  local number, latest_end, members = string.match(latest, '^(%d+) (%S+) ?(.*)$')
  if tonumber(number) >= tonumber(ARGV[7]) then
    return { -2 }
  end
  if ARGV[8] == 'lost' then
    prepare_to_write()
    for member in string.gmatch(members, '%S+') do
      if redis.call('ZSCORE', KEYS[1], member) == latest_end then
        local event = base .. 'event:' .. member
        local token, unmade, flags, lines = read(redis.call('HGET', event, ':' .. destination))
        write(event, destination, token + 1, unmade + 1, flags, lines)
        redis.call('ZADD', KEYS[1], moment, member)
      end
    end
  end
end
if redis.call('HEXISTS', KEYS[5], destination) == 1 then
  return { false, 1 }
end

local most = tonumber(ARGV[3])
-- A token bucket: it fills at the rate, holds no more than what may come at once, and each lease takes one.
local rate, tokens, filled_at = tonumber(ARGV[5]), nil, now
if rate then
  local bucket = redis.call('HMGET', KEYS[3], 'n', 'at')
  filled_at = tonumber(bucket[2]) or now
  local filled = math.max(0, now - filled_at) * rate
  tokens = math.min(tonumber(ARGV[6]), (tonumber(bucket[1]) or tonumber(ARGV[6])) + filled)
  most = math.min(most, math.floor(tokens))
end
-- An open breaker lets nothing through until its time has come, and then a single delivery, the probe.
local open_until = tonumber(redis.call('HGET', KEYS[4], 'o'))
if open_until then
  most = now < open_until and 0 or math.min(most, 1)
end

-- Whether the destination has had a later event of the same family and subject.
local function is_stale(member, head)
  local _, event_time, type, subject = describe(head)
  if subject == '' or string.sub(type, -8) ~= '.updated' then
    return false
  end
  local known = tonumber(redis.call('GET', guard_key(base, destination, member, type, subject)))
  return known and event_time < known
end

-- Records that the lease before has run out, or what a delivery is settled as instead of being leased.
-- Gives its new state.
local function note(event, member, state, ran_out, passed)
  local token, unmade, flags, lines = read(state)
  if ran_out then
    token = token + 1
    lines = add_line(lines, passed == 'held' and 'held' or 'unknown', token - unmade, 0, 'nothing recorded')
  end
  if passed == 'held' then
    set_aside(base, 'held', destination, event, member)
  elseif passed then
    lines = add_line(lines, 'stale', 0, 0, 'a later event was delivered before')
  end
  state = write(event, destination, token, unmade, flags, lines)
  if passed then
    leave(base, destination, event, member, flags)
    finish(base, event, member, ARGV[11])
  end
  return state
end

-- One flat list: Redis takes long over a list within a list.
local reply, size = { 0, 0 }, 2
local function put(member, what, state, head)
  reply[size + 1], reply[size + 2], reply[size + 3], reply[size + 4] = member, what, state, head
  size = size + 4
end

local events, field = base .. 'event:', ':' .. destination
local holds, guards = ARGV[9] == 'hold', ARGV[10] == 'guard'
local taken, scored = {}, {}
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', moment, 'WITHSCORES', 'LIMIT', 0, most)
if #members > 0 then
  prepare_to_write()
end
for i = 1, #members, 2 do
  local member, ran_out = members[i], is_leased(members[i + 1])
  local event = events .. member
  local fields = redis.call('HMGET', event, 'm', field)
  local head, state = fields[1], fields[2]
  if not head or not state then
    -- Only a hand that deletes keys gets here: without its event a delivery is nothing.
    redis.call('ZREM', KEYS[1], member)
    redis.call('ZREM', base .. 'history', member)
    redis.call('DECR', KEYS[2])
  else
    local passed = ran_out and holds and 'held' or guards and is_stale(member, head) and 'stale'
    if ran_out or passed then
      state = note(event, member, state, ran_out, passed)
    end
    if not passed then
      taken[#taken + 1] = member
      scored[#scored + 1], scored[#scored + 2] = lease_end, member
    end
    put(member, passed or ran_out and 1 or 0, passed and '' or state, head)
  end
end
local leased = #taken
if leased > 0 then
  redis.call('ZADD', KEYS[1], 'XX', unpack(scored))
end
if leased > 0 or ARGV[8] == 'lost' then
  prepare_to_write()
  redis.call('SET', KEYS[6], ARGV[7] .. ' ' .. lease_end .. ' ' .. table.concat(taken, ' '), 'PX', ARGV[4])
end
if open_until and leased > 0 then
  -- If the process dies with the probe, the next one may be sent when its lease has run out.
  open_until = tonumber(lease_end)
  redis.call('HSET', KEYS[4], 'o', text(open_until), 'p', taken[1])
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
reply[1] = first[2] and math.ceil(tonumber(first[2])) - now or false
-- Written, too, where the clock was set back: the bucket would not fill until it has caught up.
if rate and rate > 0 and (leased > 0 or filled_at > now) then
  prepare_to_write()
  tokens = tokens - leased
  redis.call('HSET', KEYS[3], 'n', string.format('%.17g', tokens), 'at', text(now))
  -- When it is full again it may as well not be there.
  redis.call('PEXPIRE', KEYS[3], text(math.ceil(tonumber(ARGV[6]) / rate) + 1000))
end
if rate and first[2] and tokens < 1 then
  local refill = rate > 0 and math.ceil((1 - tokens) / rate) or 60000
  reply[1], reply[2] = math.max(reply[1], refill), 1
end
if open_until and first[2] then
  reply[1], reply[2] = math.max(reply[1], math.ceil(open_until) - now), 1
end
return reply
