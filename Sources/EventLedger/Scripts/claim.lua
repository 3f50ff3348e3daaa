-- Claims an event and queues its deliveries: both or neither (after queue.lua). A dispatcher that has room for a delivery
-- can have it leased in the same step: it is queued as one that it has taken already, and is not read back.
--
-- KEYS  1 claim   2 event   3 pending   4 history   5 behind   6… due of each routed destination
-- ARGV  1 what all keys begin with   2 window of the claim in seconds   3 most deliveries that may be pending
--       4 member of the sets   5 head, without the time it is received at   6 raw body   7 source and subject with a
--       colon between, or empty where it has no subject   8 mark of the claim, which its key holds
--       then four for each routed destination: its name, `o` where it keeps an order or `-`, the most of its deliveries
--       that may be pending or an empty text, and the lease in milliseconds or an empty text
-- Reply  1 claimed   0 seen before   -1 too many deliveries pending in all, -1 - i at destination i: nothing is left written
--        { time it was received at, i, … } claimed, and leased for these destinations, with the token 1
--
-- The first write is a SET, which Redis refuses when it is out of memory, read-only or unable to persist; what follows
-- in the same script is then never reached. Once it has passed, Redis lets the rest of the script through.
local base, member = ARGV[1], ARGV[4]
local claimed = redis.call('SET', KEYS[1], ARGV[8], 'NX', 'EX', ARGV[2])
if not claimed then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  return 0
end
-- A claim can lapse while a delivery waits for hours; the event itself then still says that it was seen. This claim has
-- leased nothing of it, and so must not leave its mark.
local left = redis.call('HGET', KEYS[2], 'n')
if left and tonumber(left) > 0 then
  redis.call('SET', KEYS[1], '1', 'EX', ARGV[2])
  return 0
end
local count = #KEYS - 5
if count == 0 then
  return 1
end
local full = redis.call('INCRBY', KEYS[3], count) > tonumber(ARGV[3]) and -1
for i = 1, count do
  local most = tonumber(ARGV[7 + 4 * i])
  if most and not full then
    local behind = tonumber(redis.call('HGET', KEYS[5], ARGV[5 + 4 * i]) or '0')
    full = redis.call('ZCARD', KEYS[5 + i]) + behind >= most and -1 - i
  end
end
if full then
  redis.call('DEL', KEYS[1])
  redis.call('DECRBY', KEYS[3], count)
  return full
end
if left then
  -- Finished, and sent again after the claim had lapsed: it starts anew. What waits for a person stays, but for the
  -- destinations that it is sent to again; its attempts are counted on, so that an answer to an old one is known as such.
  local routed, kept, aside, tokens = {}, {}, 0, {}
  for i = 1, count do
    routed[ARGV[5 + 4 * i]] = true
  end
  local fields = redis.call('HGETALL', KEYS[2])
  for i = 1, #fields, 2 do
    local name = string.match(fields[i], '^:(.*)$')
    if name and routed[name] then
      redis.call('ZREM', base .. 'dead:' .. name, member)
      redis.call('ZREM', base .. 'held:' .. name, member)
      tokens[name] = string.match(fields[i + 1], '^%d+')
    elseif name and (redis.call('ZSCORE', base .. 'dead:' .. name, member)
        or redis.call('ZSCORE', base .. 'held:' .. name, member)) then
      aside = aside + 1
      kept[#kept + 1], kept[#kept + 2] = fields[i], fields[i + 1]
    end
  end
  redis.call('DEL', KEYS[2])
  if aside > 0 then
    redis.call('HSET', KEYS[2], 'd', aside, unpack(kept))
  end
  left = tokens
end

-- Whether a destination takes deliveries at all: it is not paused, and nothing is known against it.
local some_paused
local function is_open(name)
  if some_paused == nil then
    some_paused = redis.call('EXISTS', base .. 'paused') == 1
  end
  return not (some_paused and redis.call('HEXISTS', base .. 'paused', name) == 1)
    and redis.call('EXISTS', base .. 'breaker:' .. name) == 0
end

local record = { 'm', moment .. ' ' .. ARGV[5], 'b', ARGV[6], 'n', count }
local leased = { now }
for i = 1, count do
  local name, ordering, lease = ARGV[5 + 4 * i], ARGV[6 + 4 * i], tonumber(ARGV[8 + 4 * i])
  local token = left and left[name] or '0'
  record[#record + 1], record[#record + 2] = ':' .. name, token .. ' ' .. token .. ' ' .. ordering
  if lease and token == '0' and is_open(name) then
    enqueue(base, name, member, false, text(now + lease) .. '.25')
    leased[#leased + 1] = i
  else
    enqueue(base, name, member, ordering == 'o' and ARGV[7] ~= '' and ARGV[7])
  end
end
redis.call('HSET', KEYS[2], unpack(record))
redis.call('ZADD', KEYS[4], text(UNFINISHED + now), member)
return #leased > 1 and leased or 1
