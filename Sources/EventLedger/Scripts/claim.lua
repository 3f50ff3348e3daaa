-- Claims events and queues their deliveries: of each event both or neither (after queue.lua). A dispatcher that has room
-- for a delivery can have it leased in the same step: it is queued as one that it has taken already, and is not read back.
-- What a group of events has in common is read and written once.
--
-- KEYS  1 pending   2 history   3 behind   4… due of each destination, then claim and event of each event
-- ARGV  1 what all keys begin with   2 window of the claims in seconds   3 most deliveries that may be pending
--       4 how many destinations there are in all
--       then four for each of them: its name, `o` where it keeps an order or `-`, the most of its deliveries that may be
--       pending or an empty text, and the lease in milliseconds or an empty text
--       then for each event: member of the sets, head without the time it is received at, raw body, source and subject
--       with a colon between or empty where it has no subject, mark of the claim, which its key holds, in how many
--       destinations it is routed, and the number of each, negative where its delivery is to be leased
-- Reply  { the time, and for each event
--        1 claimed   0 seen before   -1 too many deliveries pending in all, -1 - i at its destination i: nothing is left
--        written   { i, … } claimed, and leased for these of its destinations, with the token 1 }
--
-- The first write is a SET, which Redis refuses when it is out of memory, read-only or unable to persist; what follows
-- in the same script is then never reached. Once it has passed, Redis lets the rest of the script through, unless a key
-- holds what this program never puts there, or its user may not do all it does: then what was written is undone, for
-- Redis takes nothing back, and the whole group is refused. A claim without its deliveries would be an event lost.
local base, window, most_pending, destinations = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local function name_of(d)
  return ARGV[1 + 4 * d]
end

local function keeps_order(d)
  return ARGV[2 + 4 * d] == 'o'
end

-- Of `pending`, what it was before this group, what has been added to it, and what this group comes to so far.
local pending, counted, added = nil, 0, 0
local function has_room(count)
  if not pending then
    pending, counted = redis.call('INCRBY', KEYS[1], count) - count, count
  end
  return pending + added + count <= most_pending
end

-- How many deliveries wait for a destination; only those that are bounded are counted.
local waiting = {}
local function is_full(d)
  local most = tonumber(ARGV[3 + 4 * d])
  if most and not waiting[d] then
    waiting[d] = redis.call('ZCARD', KEYS[3 + d]) + tonumber(redis.call('HGET', KEYS[3], name_of(d)) or '0')
  end
  return most and waiting[d] >= most
end

-- Whether a destination takes deliveries at all: it is not paused, and nothing is known against it. And when a lease ends.
local lease_ends = {}
local function lease_end(d)
  if lease_ends[d] == nil then
    local paused, breaker = base .. 'paused', base .. 'breaker:' .. name_of(d)
    local is_open = redis.call('EXISTS', paused, breaker) == 0
      or redis.call('HEXISTS', paused, name_of(d)) == 0 and redis.call('EXISTS', breaker) == 0
    lease_ends[d] = is_open and text(now + tonumber(ARGV[4 + 4 * d])) .. '.25'
  end
  return lease_ends[d]
end

-- An event that is finished, and is sent again after its claim had lapsed, starts anew. What waits for a person stays, but
-- for the destinations that it is sent to again; its attempts are counted on, so that an answer to an old one is known
-- as such.
local function start_anew(event, member, routed)
  local kept, aside, tokens = {}, 0, {}
  local fields = redis.call('HGETALL', event)
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
  redis.call('DEL', event)
  if aside > 0 then
    redis.call('HSET', event, 'd', aside, unpack(kept))
  end
  return tokens
end

-- What is written together, at the end: deliveries by destination, those of lanes, and events. And the keys to undo.
local due, lanes, history, undo = {}, {}, {}, {}
local unfinished = text(UNFINISHED + now)

-- Gives the reply for the event whose arguments begin at `at`.
local function claim(claim_key, event, at, count)
  local member, lane = ARGV[at], ARGV[at + 3]
  if not redis.call('SET', claim_key, ARGV[at + 4], 'NX', 'EX', window) then
    redis.call('EXPIRE', claim_key, window)
    return 0
  end
  undo[#undo + 1] = claim_key
  -- A claim can lapse while a delivery waits for hours; the event itself then still says that it was seen. This claim
  -- has leased nothing of it, and so must not leave its mark.
  local left = redis.call('HGET', event, 'n')
  if left and tonumber(left) > 0 then
    redis.call('SET', claim_key, '1', 'EX', window)
    return 0
  end
  if count == 0 then
    return 1
  end
  local targets, is_leased, full = {}, {}, not has_room(count) and -1
  for i = 1, count do
    local number = tonumber(ARGV[at + 5 + i])
    targets[i], is_leased[i] = math.abs(number), number < 0
    full = full or is_full(targets[i]) and -1 - i
  end
  if full then
    redis.call('DEL', claim_key)
    return full
  end
  local tokens
  if left then
    local routed = {}
    for _, d in ipairs(targets) do
      routed[name_of(d)] = true
    end
    tokens = start_anew(event, member, routed)
  end
  undo[#undo + 1] = event
  added = added + count
  local record, leased = { 'm', moment .. ' ' .. ARGV[at + 1], 'b', ARGV[at + 2], 'n', count }, {}
  for i, d in ipairs(targets) do
    local token = tokens and tokens[name_of(d)] or '0'
    record[#record + 1], record[#record + 2] = ':' .. name_of(d), token .. ' ' .. token .. ' ' .. ARGV[2 + 4 * d]
    waiting[d] = waiting[d] and waiting[d] + 1
    if keeps_order(d) and lane ~= '' then
      lanes[#lanes + 1] = { name_of(d), member, lane }
    else
      local lease = is_leased[i] and token == '0' and lease_end(d)
      local entries = due[d] or {}
      due[d], entries[#entries + 1], entries[#entries + 2] = entries, lease or moment, member
      leased[#leased + 1] = lease and i or nil
    end
  end
  redis.call('HSET', event, unpack(record))
  history[#history + 1], history[#history + 2] = unfinished, member
  return #leased > 0 and leased or 1
end

local function claim_all()
  local reply, key, at = { now }, 4 + destinations, 5 + 4 * destinations
  while KEYS[key] do
    local count = tonumber(ARGV[at + 5])
    reply[#reply + 1] = claim(KEYS[key], KEYS[key + 1], at, count)
    key, at = key + 2, at + 6 + count
  end
  if added ~= counted then
    redis.call('INCRBY', KEYS[1], added - counted)
    counted = added
  end
  for _, ordered in ipairs(lanes) do
    enqueue(base, unpack(ordered))
  end
  for d, entries in pairs(due) do
    enqueue_all(base, name_of(d), entries)
  end
  if #history > 0 then
    redis.call('ZADD', KEYS[2], unpack(history))
  end
  return reply
end

local is_made, reply = pcall(claim_all)
if not is_made then
  if #undo > 0 then
    redis.call('DEL', unpack(undo))
    redis.call('DECRBY', KEYS[1], counted)
  end
  return type(reply) == 'table' and reply or redis.error_reply(reply)
end
return reply
