-- Shows one event as it stands.
--
-- KEYS  1 event   2 claim
-- ARGV  1 what all keys begin with   2 member
-- Reply  { milliseconds until the claim lapses (-2 where there is none), { field, value, … },
--          { destination, score in its due set, … } }
local base, member = ARGV[1], ARGV[2]
local fields = redis.call('HGETALL', KEYS[1])
local due = {}
for i = 1, #fields, 2 do
  local destination = string.match(fields[i], '^:(.*)$')
  local score = destination and redis.call('ZSCORE', base .. 'due:' .. destination, member)
  if score then
    due[#due + 1] = destination
    due[#due + 1] = score
  end
end
return { redis.call('PTTL', KEYS[2]), fields, due }
