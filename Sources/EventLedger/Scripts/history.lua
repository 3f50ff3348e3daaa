-- What settle and trim share; it is put before each of them.
--
-- Lets at most `most` finished events leave: those finished longer ago than `keep` milliseconds, and the oldest of those
-- beyond `count`. Only writes that a Redis out of memory takes, too: history must never keep the door shut.
local function trim_history(done, events, now, keep, count, most)
  local leaving = redis.call('ZRANGEBYSCORE', done, '-inf', string.format('%.0f', now - keep), 'LIMIT', 0, most)
  local surplus = math.min(most, redis.call('ZCARD', done) - count)
  if surplus > #leaving then
    leaving = redis.call('ZRANGE', done, 0, surplus - 1)
  end
  for _, member in ipairs(leaving) do
    redis.call('ZREM', done, member)
    redis.call('DEL', events .. member)
  end
  return #leaving
end

