-- What scripts share that queue deliveries; it is put before them.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- In `history` an event that is not finished stands above all that are: at this and the time it was received.
local UNFINISHED = 4503599627370496

-- A whole number as Redis shall read it: Lua would write a large one with an exponent, and takes long over any.
local texts = {}
local function text(number)
  local known = texts[number]
  if not known then
    known = string.format('%d', number)
    texts[number] = known
  end
  return known
end

local moment = text(now)

-- Lets deliveries of one destination wait: scores and members in turn.
local function enqueue_all(base, destination, entries)
  local due = base .. 'due:' .. destination
  redis.call('ZADD', due, unpack(entries))
  if redis.call('ZCARD', due) == #entries / 2 then
    redis.call('SADD', base .. 'destinations', destination)
  end
end

-- Lets a delivery wait for its turn: until now, or, in a lane (`<source>:<subject>`), for those before it.
local function enqueue(base, destination, member, lane)
  if lane and redis.call('RPUSH', base .. 'queue:' .. destination .. ':' .. lane, member) > 1 then
    redis.call('HINCRBY', base .. 'behind', destination, 1)
  else
    enqueue_all(base, destination, { moment, member })
  end
end
