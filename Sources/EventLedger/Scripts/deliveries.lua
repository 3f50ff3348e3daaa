-- Lists deliveries of one destination: what is due, dead or held, the earliest first.
--
-- KEYS  1 the set
-- ARGV  1 what all keys begin with   2 destination   3 score to begin at, or `-inf`   4 how many of that score to pass
--       over   5 how many
-- Reply  { member, score, head, state, beginning of the body of the last answer } for each
local base = ARGV[1]
local reply = {}
local members = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', ARGV[4], ARGV[5])
for i = 1, #members, 2 do
  local fields = redis.call('HMGET', base .. 'event:' .. members[i], 'm', ':' .. ARGV[2], 'y:' .. ARGV[2])
  reply[#reply + 1] = { members[i], members[i + 1], fields[1] or '', fields[2] or '', fields[3] or '' }
end
return reply
