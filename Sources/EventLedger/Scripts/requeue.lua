-- Lets deliveries wait anew, for the same destination or for another one, or drops them (after queue.lua and
-- record.lua).
--
-- KEYS  1 due of any destination   2 pending   3 history
-- ARGV  1 what all keys begin with   2 window of the claim in seconds   3 most deliveries that may be pending in all
--       4 which deliveries to take, by where they stand: words of `dead`, `held`, `pending`, `finished`
--       5 the flag that the new deliveries carry, `r` for a replay, or empty
--       then four for each delivery: member, the destination it stands at or empty, the destination to queue it for or
--       empty to drop it, and `o` where that one keeps an order or `-`
-- Reply  for each delivery `done`; `gone` where there is no such event or delivery; `full` where too many are pending;
--        or where it stands instead: nothing was changed
local base = ARGV[1]
redis.call('PERSIST', KEYS[1])

-- Takes a delivery from where it stands; an attempt under way is overtaken.
local function take(event, member, destination, state, instead)
  local token, unmade, flags, lines = read(state)
  local stands = standing(lines)
  if stands == 'pending' then
    -- Beyond the token of a lease that may be under way.
    token = token + (is_leased(redis.call('ZSCORE', base .. 'due:' .. destination, member)) and 2 or 1)
    leave(base, destination, event, member, flags)
  elseif stands ~= 'finished' then
    take_back(base, stands, destination, event, member)
  end
  write(event, destination, token, unmade, flags, instead and add_line(lines, instead, 0, 0, '-') or lines)
end

-- Queues a delivery that is not pending; its attempts are counted from the first again.
local function put(event, member, destination, head, ordering)
  local state = redis.call('HGET', event, ':' .. destination)
  local token, lines = '0', ''
  if state then
    local _
    token, _, _, lines = read(state)
  end
  local flags = ordering .. ARGV[5]
  write(event, destination, token, token, flags, add_line(lines, 'queued', 0, 0, '-'))
  redis.call('HINCRBY', event, 'n', 1)
  redis.call('INCR', KEYS[2])
  enqueue(base, destination, member, is_ordered(flags) and lane_of(head, member))
end

local function requeue(member, from, to, ordering)
  local event = base .. 'event:' .. member
  local fields = redis.call('HMGET', event, 'm', ':' .. from, ':' .. to)
  local head, state, other = fields[1], fields[2], fields[3]
  if not head or from ~= '' and not state then
    return 'gone'
  end
  if from ~= '' then
    local _, _, _, lines = read(state)
    local stands = standing(lines)
    if not string.find(ARGV[4], stands, 1, true) then
      return stands
    end
  end
  if to ~= '' and tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[3]) then
    return 'full'
  end
  local is_pending = false
  if to ~= '' and to ~= from and other then
    local _, _, _, lines = read(other)
    is_pending = standing(lines) == 'pending'
    if is_pending and from == '' then
      return 'pending'
    elseif not is_pending then
      take(event, member, to, other)
    end
  end
  if from ~= '' then
    take(event, member, from, state, to == '' and 'dropped' or to ~= from and 'moved')
  end
  if to ~= '' and not is_pending then
    put(event, member, to, head, ordering)
  end
  if tonumber(redis.call('HGET', event, 'n')) > 0 then
    redis.call('ZADD', KEYS[3], text(UNFINISHED + describe(head)), member)
  else
    finish(base, event, member, ARGV[2])
  end
  return 'done'
end

local reply = {}
for i = 6, #ARGV, 4 do
  reply[#reply + 1] = requeue(unpack(ARGV, i, i + 3))
end
return reply
