-- Claims events and queues their deliveries: of each event both or neither (after queue.lua). A dispatcher that has room
-- for a delivery can have it leased in the same step: it is queued as one that it has taken already, and is not read back.
-- What a group of events has in common is read and written once.
--
-- KEYS  1 pending   2 history   3 behind   4… due of each destination
-- ARGV  1 what all keys begin with   2 window of the claims in seconds   3 most deliveries that may be pending
--       4 how many destinations there are in all   5 how many plans
--       then four for each destination: its name, `o` where it keeps an order or `-`, the most of its deliveries that may
--       be pending or an empty text, and the lease in milliseconds or an empty text
--       then for each plan, by which some of the events go out: in how many destinations, and the number of each, negative
--       where its delivery is to be leased
--       then for each event: member of the sets, head without the time it is received at, raw body, number of its plan;
--       where the plan has a lease, the mark of the claim, which its key holds; and where the plan has a destination that
--       keeps an order, source and subject with a colon between or empty where it has no subject
-- Reply  { the time, and for each event
--        1 claimed   0 seen before   -1 too many deliveries pending in all, -1 - i at its destination i: nothing is left
--        written   2 claimed, and leased for all of its destinations that were to be, with the token 1
--        { i, … } the same for these of its destinations alone }
--
-- The first write is a SET, which Redis refuses when it is out of memory, read-only or unable to persist; what follows
-- in the same script is then never reached. Once it has passed, Redis lets the rest of the script through, unless a key
-- holds what this program never puts there, or its user may not do all it does: then what was written is undone, for
-- Redis takes nothing back, and the whole group is refused. A claim without its deliveries would be an event lost.
local base, window, most_pending, destinations = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local claims, events = base .. 'claim:', base .. 'event:'

local function name_of(d)
  return ARGV[2 + 4 * d]
end

local function keeps_order(d)
  return ARGV[3 + 4 * d] == 'o'
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
  local most = tonumber(ARGV[4 + 4 * d])
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
    lease_ends[d] = is_open and text(now + tonumber(ARGV[5 + 4 * d])) .. '.25'
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

-- The state of a delivery after so many leases.
local function state(token, d)
  return token .. ' ' .. token .. ' ' .. ARGV[3 + 4 * d]
end

-- Where the plans and then the events begin.
local at = 6 + 4 * destinations

-- What events of one plan have in common. `record` has room for the two texts of an event.
local function read_plan()
  local plan = { count = tonumber(ARGV[at]), targets = {}, is_leased = {}, leases = 0 }
  plan.record = { 'm', '', 'b', '', 'n', text(plan.count) }
  for i = 1, plan.count do
    local number = tonumber(ARGV[at + i])
    local d = math.abs(number)
    plan.targets[i], plan.is_leased[i] = d, number < 0
    plan.record[5 + 2 * i], plan.record[6 + 2 * i] = ':' .. name_of(d), state('0', d)
    plan.leases = plan.leases + (number < 0 and 1 or 0)
    plan.has_order = plan.has_order or keeps_order(d)
  end
  at = at + 1 + plan.count
  return plan
end

local plans = {}
for i = 1, tonumber(ARGV[5]) do
  plans[i] = read_plan()
end

-- What is written together, at the end: deliveries by destination, those of lanes, and events. And the keys to undo.
local due, lanes, history, undo = {}, {}, {}, {}
local unfinished = text(UNFINISHED + now)

-- The record of an event that starts anew: its deliveries have the tokens that they had.
local function renewed(plan, tokens)
  local record = { unpack(plan.record) }
  for i, d in ipairs(plan.targets) do
    record[6 + 2 * i] = state(tokens[name_of(d)] or '0', d)
  end
  return record
end

-- When the lease of a delivery ends; false where it is only queued. Of one that has been leased before, by the tokens
-- that are counted on, more may be known than this claim says.
local function lease_of(d, tokens)
  return (tokens[name_of(d)] or '0') == '0' and lease_end(d)
end

-- Gives the reply for one event.
local function claim(member, head, body, plan, mark, lane)
  local claim_key, event, count = claims .. member, events .. member, plan.count
  if not redis.call('SET', claim_key, mark, 'NX', 'EX', window) then
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
  local full = not has_room(count) and -1
  for i = 1, count do
    full = full or is_full(plan.targets[i]) and -1 - i
  end
  if full then
    redis.call('DEL', claim_key)
    return full
  end
  local tokens, record = {}, plan.record
  if left then
    local routed = {}
    for _, d in ipairs(plan.targets) do
      routed[name_of(d)] = true
    end
    tokens = start_anew(event, member, routed)
    record = renewed(plan, tokens)
  end
  undo[#undo + 1] = event
  added = added + count
  local leases = 0
  for i, d in ipairs(plan.targets) do
    waiting[d] = waiting[d] and waiting[d] + 1
    if lane ~= '' and keeps_order(d) then
      lanes[#lanes + 1] = { name_of(d), member, lane }
    else
      local lease = plan.is_leased[i] and lease_of(d, tokens)
      local entries = due[d] or {}
      due[d], entries[#entries + 1], entries[#entries + 2] = entries, lease or moment, member
      leases = leases + (lease and 1 or 0)
    end
  end
  record[2], record[4] = moment .. ' ' .. head, body
  redis.call('HSET', event, unpack(record))
  history[#history + 1], history[#history + 2] = unfinished, member
  if leases == 0 or leases == plan.leases then
    return leases == 0 and 1 or 2
  end
  local leased = {}
  for i, d in ipairs(plan.targets) do
    local is_ordered = lane ~= '' and keeps_order(d)
    leased[#leased + 1] = plan.is_leased[i] and not is_ordered and lease_of(d, tokens) and i or nil
  end
  return leased
end

local function claim_all()
  local reply = { now }
  while ARGV[at] do
    local member, head, body, plan = ARGV[at], ARGV[at + 1], ARGV[at + 2], plans[tonumber(ARGV[at + 3])]
    at = at + 4
    local mark, lane = '1', ''
    if plan.leases > 0 then
      mark, at = ARGV[at], at + 1
    end
    if plan.has_order then
      lane, at = ARGV[at], at + 1
    end
    reply[#reply + 1] = claim(member, head, body, plan, mark, lane)
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
