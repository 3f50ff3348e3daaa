-- What settle and trim share (after queue.lua); it is put before them.
--
-- Lets at most `most` finished events leave, no more than 4,000: those finished longer ago than `keep` milliseconds, and the oldest of those
-- beyond `count`. Only writes that a Redis out of memory takes, too: history must never keep the door shut.
local function trim_history(base, keep, count, most)
  local history = base .. 'history'
  local leaving = redis.call('ZRANGEBYSCORE', history, '-inf', text(now - keep), 'LIMIT', 0, most)
  local finished = redis.call('ZCOUNT', history, '-inf', '(' .. text(UNFINISHED))
  local surplus = math.min(most, finished - count)
  if surplus > #leaving then
    leaving = redis.call('ZRANGE', history, 0, surplus - 1)
  end
  if #leaving > 0 then
    redis.call('ZREM', history, unpack(leaving))
    for i = 1, #leaving do
      leaving[i] = base .. 'event:' .. leaving[i]
    end
    redis.call('DEL', unpack(leaving))
  end
  return #leaving
end

