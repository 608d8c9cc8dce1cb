import { KEY } from "./redis-keys.ts";

/**
 * What every script begins with. `ARGV[1]` is the bucket's prefix, `ARGV[2]` the time in µs, empty for Redis' own. The name of a
 * worker is that of its process, a dot, and what tells its leases apart.
 */
export const COMMON = `
local P = ARGV[1]
local call = redis.call
local NOW
if ARGV[2] ~= '' then
  NOW = tonumber(ARGV[2])
else
  local time = call('TIME')
  NOW = time[1] * 1000000 + time[2]
end
local KEPT_MS = 600000
-- In bytes, with what Redis needs beside a text.
local MOST_KEPT, KEPT_BESIDE = 268435456, 1000
-- Longer than any play runs. Workers forget a circle sooner (RedisClaims).
local CIRCLE_MS = 1800000
-- Of all tasks that wait for their owners, with what they said.
local MOST_ASIDE = 67108864
local REPLIES_MS = 60000
-- A task that so many workers died with is given to one more, which only ends it.
local MOST_ATTEMPTS = 3
local MOST_DEAD = 1000
-- Leases are times, in µs. What is so far ahead is none.
local MOST_AHEAD_US = 86400000000

local function whole(number)
  return string.format('%.0f', number)
end

local NOW_MS = whole(NOW / 1000)

-- For what anybody may have written by hand: nothing, if it is of another kind.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then return nil end
  return reply
end

local function isAlive(instance)
  local last = instance and call('ZSCORE', ${KEY.instances}, instance)
  return last and tonumber(last) * 1000 > NOW
end

local function circleOf(line)
  return string.match(line, '^[^/]*')
end

local function queueOf(line)
  local circle = circleOf(line)
  if circle == line then return ${KEY.queue("circle")} end
  if line == circle .. '/events' then return ${KEY.eventsQueue("circle")} end
  return ${KEY.controlQueue("circle")}
end

local function lineOf(circle, lane)
  if lane and lane ~= '' then return circle .. '/' .. lane end
  return circle
end

local function linesOf(circle)
  return { circle, circle .. '/control', circle .. '/events' }
end

local function isClaimed(line)
  return call('HEXISTS', ${KEY.line("line")}, 'fence') == 1
end

local function nextFence()
  local last = tonumber(call('GET', ${KEY.fence}) or '0') or 0
  if last > NOW + MOST_AHEAD_US then last = 0 end -- somebody wrote it by hand: no log has such a lease
  local fence = whole(math.max(last + 1, NOW))
  call('SET', ${KEY.fence}, fence)
  return fence
end

local function ownerOf(circle)
  local owner = call('GET', ${KEY.circle("circle")})
  if not owner then return nil end
  local lease, worker = string.match(owner, '^(%d+) (.+)$')
  return worker, lease
end

-- Answers the lease, under which the worker has the circle from now on.
local function giveCircle(circle, worker)
  local lease = nextFence()
  call('SET', ${KEY.circle("circle")}, lease .. ' ' .. worker, 'PX', CIRCLE_MS)
  return lease
end

-- The list of one who is gone goes after a minute.
local function post(instance, message)
  local key = ${KEY.replies("string.match(instance, '^[^.]*')")}
  if call('RPUSH', key, message) == 1 then call('PEXPIRE', key, REPLIES_MS) end
end

local function wakeAny(key)
  local worker = call('SPOP', key)
  while worker and not isAlive(worker) do worker = call('SPOP', key) end
  if worker then post(worker, '["bell"]') end
  return worker
end

local function wakeFor(circle)
  if not wakeAny(${KEY.idleFor("circle")}) then wakeAny(${KEY.idle}) end
end

-- Puts a line at the end of those that wait for their turn.
local function offer(line)
  local turn = call('INCR', ${KEY.turn})
  local circle = circleOf(line)
  local worker = ownerOf(circle)
  if isAlive(worker) then
    call('ZADD', ${KEY.readyOf("worker")}, turn, line)
    local waited = call('SREM', ${KEY.idle}, worker) + call('SREM', ${KEY.idleFor("circle")}, worker)
    if waited > 0 then post(worker, '["bell"]') end
  else
    call('ZADD', ${KEY.ready}, turn, line)
    wakeFor(circle)
  end
end

-- What waits or runs. A task that nobody counted is one that was put into its queue by hand.
local function count(line, caller, size, sign)
  call('HINCRBY', ${KEY.line("line")}, 'tasks', sign)
  local left
  for _, load in ipairs({ ${KEY.load}, ${KEY.loadOf("caller")} }) do
    -- Less nothing is "-0" here, and no integer to Redis.
    if size > 0 then call('HINCRBY', load, 'size', sign * size) end
    left = call('HINCRBY', load, 'tasks', sign)
  end
  if left <= 0 then call('DEL', ${KEY.loadOf("caller")}) end
end

local function enqueue(task, line)
  call('HSET', ${KEY.task("task")}, 'status', 'pending')
  if call('LPUSH', queueOf(line), task) == 1 and not isClaimed(line) then offer(line) end
end

local function endClaim(line)
  local key = ${KEY.line("line")}
  call('SREM', ${KEY.claims("(call('HGET', key, 'worker') or '')")}, line)
  call('DEL', ${KEY.claimed("line")})
  if (try('LLEN', queueOf(line)) or 0) > 0 then
    call('HDEL', key, 'fence', 'left', 'worker')
    offer(line)
  else
    call('DEL', key)
  end
end

-- A task leaves its claim.
local function leaveClaim(line)
  if call('HINCRBY', ${KEY.line("line")}, 'left', -1) <= 0 then endClaim(line) end
end

-- What is left of a claim goes back to the head of its queue, in its order.
local function giveBack(line, fence, died)
  local tasks = call('LRANGE', ${KEY.claimed("line")}, 0, -1)
  for i = #tasks, 1, -1 do
    local key = ${KEY.task("tasks[i]")}
    if call('HGET', key, 'claim') == fence then
      call('HSET', key, 'status', 'pending')
      call('HDEL', key, 'claim', 'worker')
      if died then call('HINCRBY', key, 'attempts', 1) end
      call('RPUSH', queueOf(line), tasks[i])
    end
  end
  endClaim(line)
end

local function followersOf(task)
  local followers = call('SMEMBERS', ${KEY.followers("task")})
  local first, id = unpack(call('HMGET', ${KEY.task("task")}, 'reply_to', 'id'))
  if first and id then table.insert(followers, first) end
  return followers
end

-- A task that ended without a record and was submitted again has another life, and other followers.
local function tell(task, kind, what)
  local life = call('HGET', ${KEY.task("task")}, 'life') or '0'
  local message = '["' .. kind .. '",' .. cjson.encode(task) .. ',' .. life .. ',' .. what .. ']'
  for _, instance in ipairs(followersOf(task)) do post(instance, message) end
end

local function follow(task, instance)
  if call('HGET', ${KEY.task("task")}, 'reply_to') ~= instance then
    call('SADD', ${KEY.followers("task")}, instance)
  end
end

-- Takes what a task says, if it did not say it before. 'event' is its JSON.
local function say(task, seq, event)
  local key = ${KEY.task("task")}
  local said = tonumber(call('HGET', key, 'said') or '0')
  if seq <= said then return end
  call('HSET', key, 'said', seq)
  call('HINCRBY', key, 'said_size', #event)
  call('RPUSH', ${KEY.events("task")}, event)
  tell(task, 'event', event)
end

local function eventsOf(task)
  return call('LRANGE', ${KEY.events("task")}, 0, -1)
end

-- No event has a number twice, so there are as many behind one as the last is above it, or fewer.
local function eventsAfter(task, heard)
  local behind = tonumber(call('HGET', ${KEY.task("task")}, 'said') or '0') - heard
  if behind <= 0 then return {} end
  return call('LRANGE', ${KEY.events("task")}, -behind, -1)
end

-- Answers whether it waited for the owner; it does not any more.
local function takeFromAside(circle, task)
  if call('HDEL', ${KEY.aside("circle")}, task) == 0 then return false end
  call('DECRBY', ${KEY.asideSize}, tonumber(call('HGET', ${KEY.task("task")}, 'aside_size') or '0') or 0)
  return true
end

-- A task that has ended is remembered for a while; 'before' is its size, if it was already.
local function remember(task, size, before)
  call('HSET', ${KEY.task("task")}, 'kept', size)
  call('INCRBY', ${KEY.endedSize}, size - before)
  call('ZADD', ${KEY.ended}, NOW_MS, task)
end

local function forget(task)
  local key = ${KEY.task("task")}
  local known = try('HMGET', key, 'circle', 'id', 'kept', 'outcome', 'status') or {}
  call('ZREM', ${KEY.ended}, task)
  call('DECRBY', ${KEY.endedSize}, tonumber(known[3] or '0') or 0)
  if known[4] and known[5] ~= 'pending' and known[5] ~= 'processing' then -- it was not put in again by hand
    call('DEL', key, ${KEY.events("task")})
    call('LREM', ${KEY.ids("(known[1] or '')", "(known[2] or task)")}, 1, task)
  else
    try('HDEL', key, 'kept')
  end
end

-- Forgets what ended longest ago, if that is long or there is too much of it; answers how many.
local function sweep(most)
  for swept = 0, most - 1 do
    local oldest = call('ZRANGE', ${KEY.ended}, 0, 0, 'WITHSCORES')
    local isOver = oldest[1] and tonumber(oldest[2]) + KEPT_MS < NOW / 1000
    if not oldest[1] or not isOver and tonumber(call('GET', ${KEY.endedSize}) or '0') <= MOST_KEPT then
      return swept
    end
    forget(oldest[1])
  end
  return most
end
`;
