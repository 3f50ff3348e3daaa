-- Lists events: those with deliveries that wait, the latest first, then the finished ones, the last finished first.
--
-- KEYS  1 history
-- ARGV  1 what all keys begin with   2 score to begin at, or `+inf`   3 how many of that score to pass over   4 how many
-- Reply  { member, score, head, { destination, state, … } } for each
local base = ARGV[1]
local reply = {}
local members = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], '-inf', 'WITHSCORES', 'LIMIT', ARGV[3], ARGV[4])
for i = 1, #members, 2 do
  local event = base .. 'event:' .. members[i]
  local deliveries = {}
  for _, field in ipairs(redis.call('HKEYS', event)) do
    local destination = string.match(field, '^:(.*)$')
    if destination then
      deliveries[#deliveries + 1] = destination
      deliveries[#deliveries + 1] = redis.call('HGET', event, field)
    end
  end
  reply[#reply + 1] = { members[i], members[i + 1], redis.call('HGET', event, 'm') or '', deliveries }
end
return reply
