-- What scripts share that queue deliveries; it is put before them.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- In `history` an event that is not finished stands above all that are: at this and the time it was received.
local UNFINISHED = 4503599627370496

-- A whole number as Redis shall read it: Lua would write a large one with an exponent.
local function text(number)
  return string.format('%.0f', number)
end

local moment = text(now)

-- Lets a delivery wait for its turn: until now or a score, or, in a lane (`<source>:<subject>`), for those before it.
local function enqueue(base, destination, member, lane, score)
  if lane and redis.call('RPUSH', base .. 'queue:' .. destination .. ':' .. lane, member) > 1 then
    redis.call('HINCRBY', base .. 'behind', destination, 1)
    return
  end
  local due = base .. 'due:' .. destination
  redis.call('ZADD', due, score or moment, member)
  if redis.call('ZCARD', due) == 1 then
    redis.call('SADD', base .. 'destinations', destination)
  end
end

