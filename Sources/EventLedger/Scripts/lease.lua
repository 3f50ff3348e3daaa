-- Takes deliveries of one destination that are due, and moves them ahead by the length of the lease (after queue.lua and
-- record.lua).
--
-- KEYS  1 due   2 pending   3 rate   4 breaker   5 paused   6 the latest lease of this dispatcher
-- ARGV  1 what all keys begin with   2 destination   3 most deliveries to take   4 lease in milliseconds
--       5 bytes of bodies after which to take no more
--       6 attempts for each millisecond, over all processes, or empty for no limit   7 attempts that may come at once
--       8 the number of this request, which grows   9 `lost` where the reply to the one before never came, or empty
--       10 `hold` or `retry`: what becomes of an attempt that nothing was recorded of   11 `guard` where updates older
--       than one delivered are left out, or empty   12 window of the claim in seconds
-- Reply  { milliseconds until the next delivery falls due, below 0 if it has been due for so long (null if none waits, or
--          while the destination is paused),
--          1 where nothing may be taken before that, whatever falls due, or 0,
--          { member, token, leases that no attempt came of, flags, 1 if the lease before ran out, head, body }
--          or { member, `held` or `stale`, head } for what was settled instead, … }
--        or { -2 } for a request that a later one has overtaken: nothing was changed, and nobody reads the reply
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
  if tonumber(number) >= tonumber(ARGV[8]) then
    return { -2 }
  end
  if ARGV[9] == 'lost' then
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

-- Whether the destination has had a later event of the same family and subject.
local function is_stale(member, head)
  local _, event_time, type, subject = describe(head)
  if subject == '' or string.sub(type, -8) ~= '.updated' then
    return false
  end
  local known = tonumber(redis.call('GET', guard_key(base, destination, member, type, subject)))
  return known and event_time < known
end

local reply, taken, scored, bytes = { 0, 0 }, {}, {}, 0
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', moment, 'WITHSCORES', 'LIMIT', 0, most)
if #members > 0 then
  prepare_to_write()
end
for i = 1, #members, 2 do
  if bytes >= tonumber(ARGV[5]) then
    break
  end
  local member, ran_out = members[i], is_leased(members[i + 1])
  local event = base .. 'event:' .. member
  local fields = redis.call('HMGET', event, 'm', 'b', ':' .. destination)
  if not fields[1] or not fields[3] then
    -- Only a hand that deletes keys gets here: without its event a delivery is nothing.
    redis.call('ZREM', KEYS[1], member)
    redis.call('ZREM', base .. 'history', member)
    redis.call('DECR', KEYS[2])
  else
    local token, unmade, flags, lines = read(fields[3])
    if ran_out then
      token = token + 1
      lines = add_line(lines, ARGV[10] == 'hold' and 'held' or 'unknown', token - unmade, 0, 'nothing recorded')
    end
    local is_held = ran_out and ARGV[10] == 'hold'
    if is_held or ARGV[11] == 'guard' and is_stale(member, fields[1]) then
      if is_held then
        set_aside(base, 'held', destination, event, member)
      else
        lines = add_line(lines, 'stale', 0, 0, 'a later event was delivered before')
      end
      write(event, destination, token, unmade, flags, lines)
      leave(base, destination, event, member, flags)
      finish(base, event, member, ARGV[12])
      reply[#reply + 1] = { member, is_held and 'held' or 'stale', fields[1] }
    else
      if ran_out then
        write(event, destination, token, unmade, flags, lines)
      end
      bytes = bytes + #fields[2]
      taken[#taken + 1] = member
      scored[#scored + 1], scored[#scored + 2] = lease_end, member
      reply[#reply + 1] = { member, token + 1, tonumber(unmade), flags, ran_out and 1 or 0, fields[1], fields[2] }
    end
  end
end
local leased = #taken
if leased > 0 then
  redis.call('ZADD', KEYS[1], 'XX', unpack(scored))
end
if leased > 0 or ARGV[9] == 'lost' then
  prepare_to_write()
  redis.call('SET', KEYS[6], ARGV[8] .. ' ' .. lease_end .. ' ' .. table.concat(taken, ' '), 'PX', ARGV[4])
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
  redis.call('PEXPIRE', KEYS[3], text(math.ceil(tonumber(ARGV[7]) / rate) + 1000))
end
if rate and first[2] and tokens < 1 then
  local refill = rate > 0 and math.ceil((1 - tokens) / rate) or 60000
  reply[1], reply[2] = math.max(reply[1], refill), 1
end
if open_until and first[2] then
  reply[1], reply[2] = math.max(reply[1], math.ceil(open_until) - now), 1
end
return reply
