-- What scripts share that read and change the record of an event (after queue.lua); it is put before them.

-- How many attempts of a delivery are remembered.
local MAXIMUM_LINES = 16

-- Takes the state of a delivery apart: leases that have ended, those of them that no attempt came of, flags, and a line
-- for each attempt. The token of a lease is the number of those before it and one: while it lasts nothing is written.
local function read(state)
  return string.match(state, '^(%d+) (%d+) (%S+)(.*)$')
end

-- Gives the state that it writes.
local function write(event, destination, token, unmade, flags, lines)
  local state = token .. ' ' .. unmade .. ' ' .. flags .. lines
  redis.call('HSET', event, ':' .. destination, state)
  return state
end

-- Puts a line before the others: what happened, when, in which attempt, for how many milliseconds, and the answer.
local function add_line(lines, what, attempt, duration, answer)
  local is_first = lines == ''
  lines = '\n' .. what .. ' ' .. moment .. ' ' .. attempt .. ' ' .. duration .. ' ' .. answer .. lines
  if is_first then
    return lines
  end
  local last = 1
  for _ = 1, MAXIMUM_LINES do
    last = string.find(lines, '\n', last + 1, true)
    if not last then
      return lines
    end
  end
  return string.sub(lines, 1, last - 1)
end

-- Where a delivery stands, by the latest line: `dead` and `held` wait for a person, `finished` for nothing.
local STANDINGS = { delivered = 'finished', stale = 'finished', dropped = 'finished', moved = 'finished',
  dead = 'dead', held = 'held' }
local function standing(lines)
  if lines == '' then
    return 'pending'
  end
  return STANDINGS[string.match(lines, '^\n(%S+)')] or 'pending'
end

-- Whether a score in `due` is the end of a lease, and not of a delay: it has a fraction, `.25` where a claim leased.
local function is_leased(score)
  return score and string.find(score, '.', 1, true) and true
end

-- Whether it is the claim of that mark that has leased a delivery: others may have claimed the same id, and leased it.
local function is_leased_by_claim(base, member, score, mark)
  return string.sub(score, -3) == '.25' and redis.call('GET', base .. 'claim:' .. member) == mark
end

-- What the sender said of an event: when it was received, its own time, its type, and its subject or an empty text.
local function describe(head)
  local received, event_time, type_length, subject_length, first =
    string.match(head, '^(%d+) %d+ (%-?%d+) (%d+) (%d+) %d+ %d+\n()')
  local subject_first = first + tonumber(type_length)
  return tonumber(received), tonumber(event_time), string.sub(head, first, subject_first - 1),
    string.sub(head, subject_first, subject_first + tonumber(subject_length) - 1)
end

-- The lane of an event: deliveries of one lane go one after the other where the destination keeps an order. None for an
-- event without a subject.
local function lane_of(head, member)
  local _, _, _, subject = describe(head)
  return subject ~= '' and string.match(member, '^[^:]*:') .. subject or nil
end

-- Whether a delivery keeps its place in its lane.
local function is_ordered(flags)
  return string.find(flags, 'o', 1, true)
end

-- Where the stale guard keeps the time of the latest event of a family and subject that a destination has.
local function guard_key(base, destination, member, type, subject)
  local family = string.match(type, '^(.*)%.[^.]*$') or type
  return base .. 'fresh:' .. destination .. ':' .. string.match(member, '^[^:]*:') .. family .. ':' .. subject
end

-- Lets the next delivery of a lane go, for this one does not wait any more.
local function pass_on(base, destination, event, member)
  local lane = lane_of(redis.call('HGET', event, 'm'), member)
  if not lane then
    return
  end
  local queue = base .. 'queue:' .. destination .. ':' .. lane
  if redis.call('LINDEX', queue, 0) == member then
    redis.call('LPOP', queue)
    local following = redis.call('LINDEX', queue, 0)
    if following then
      redis.call('ZADD', base .. 'due:' .. destination, moment, following)
      redis.call('HINCRBY', base .. 'behind', destination, -1)
    end
  elseif redis.call('LREM', queue, 1, member) == 1 then
    redis.call('HINCRBY', base .. 'behind', destination, -1)
  end
end

-- Ends the wait of a delivery.
local function leave(base, destination, event, member, flags)
  redis.call('ZREM', base .. 'due:' .. destination, member)
  redis.call('DECR', base .. 'pending')
  redis.call('HINCRBY', event, 'n', -1)
  if is_ordered(flags) then
    pass_on(base, destination, event, member)
  end
end

-- Lets a delivery wait for a person: `dead` or `held`. The event is kept for as long as it does.
local function set_aside(base, kind, destination, event, member)
  redis.call('ZADD', base .. kind .. ':' .. destination, moment, member)
  redis.call('HINCRBY', event, 'd', 1)
end

-- Takes a delivery back from where it waited for a person.
local function take_back(base, kind, destination, event, member)
  redis.call('ZREM', base .. kind .. ':' .. destination, member)
  redis.call('HINCRBY', event, 'd', -1)
end

-- Keeps an id claimed from now on, be it that its claim has lapsed.
local function renew_claim(base, member, window)
  local claim = base .. 'claim:' .. member
  if redis.call('EXPIRE', claim, window) == 0 then
    redis.call('SET', claim, '1', 'EX', window)
  end
end

-- Renews the claim of an event whose last delivery has left, and lets the event go into history unless a delivery
-- waits for a person.
local function finish(base, event, member, window)
  local counts = redis.call('HMGET', event, 'n', 'd')
  if tonumber(counts[1]) > 0 then
    return
  end
  renew_claim(base, member, window)
  if tonumber(counts[2] or '0') == 0 then
    redis.call('ZADD', base .. 'history', moment, member)
  end
end

