/**
 * What every script begins with. `ARGV[1]` is the bucket's prefix, `ARGV[2]` the time in µs, empty for Redis' own.
 *
 * Below the prefix P, and S = P .. 'sys:':
 *
 * - `P<circle>` list: tasks of the ordinary lane, oldest at the right; `S control:<circle>` those of the control lane
 * - `P<task>` hash: a task; `S events:<task>` list: what it said; `S followers:<task>` set: who follows beside `reply_to`
 * - `P reply:<process>` list: messages to a gateway or worker, oldest at the left. The name of a worker is that of its process,
 *   a dot, and what tells its leases apart
 * - `S instances` sorted set: gateways and workers, by the ms until which they are alive
 * - `S circle:<circle>` string: "<lease> <worker>", who has the circle
 * - `S line:<line>` hash: a lane with tasks (`tasks`) and its claim (`fence`, `left`, `worker`); a line is `<circle>` or
 *   `<circle>/control`
 * - `S claimed:<line>` list: the tasks of its claim, in order; `S claims:<worker>` set: lines that a worker holds
 * - `S ready`, `S ready:<worker>` sorted sets: lines that wait for their turn, of nobody and of the circles of a worker
 * - `S idle`, `S idle:<circle>` sets: workers that wait for work, or for that of a circle
 * - `S caller:<caller>` hash, `S size` string: what waits or runs; `S aside:<circle>` hash: tasks that wait for the owner
 * - `S ids:<circle>/<id>` list: tasks by their callers' ids; `S listeners:<circle>` set: who hears its notices
 * - `S fence`, `S turn` strings: numbers that only rise; `S dead` list: tasks whose workers died too often
 */
export const COMMON = `
local P = ARGV[1]
local S = P .. 'sys:'
local call = redis.call
local NOW
if ARGV[2] ~= '' then
  NOW = tonumber(ARGV[2])
else
  local time = call('TIME')
  NOW = time[1] * 1000000 + time[2]
end
local KEPT_MS = 600000
local REPLIES_MS = 60000
-- A task that so many workers died with is given to one more, which only ends it.
local MOST_ATTEMPTS = 3
local MOST_DEAD = 1000

local function whole(number)
  return string.format('%.0f', number)
end

local function isAlive(instance)
  local last = instance and call('ZSCORE', S .. 'instances', instance)
  return last and tonumber(last) * 1000 > NOW
end

local function circleOf(line)
  return string.match(line, '^[^/]*')
end

local function queueOf(line)
  local circle = circleOf(line)
  if circle == line then return P .. circle end
  return S .. 'control:' .. circle
end

local function lineOf(circle, lane)
  if lane and lane ~= '' then return circle .. '/' .. lane end
  return circle
end

local function nextFence()
  local last = tonumber(call('GET', S .. 'fence') or '0')
  local fence = whole(math.max(last + 1, NOW))
  call('SET', S .. 'fence', fence)
  return fence
end

local function ownerOf(circle)
  local owner = call('GET', S .. 'circle:' .. circle)
  if not owner then return nil end
  local lease, worker = string.match(owner, '^(%d+) (.+)$')
  return worker, lease
end

-- The list of one who is gone goes after a minute.
local function post(instance, message)
  local key = P .. 'reply:' .. string.match(instance, '^[^.]*')
  if call('RPUSH', key, message) == 1 then call('PEXPIRE', key, REPLIES_MS) end
end

local function wakeAny(key)
  local worker = call('SPOP', key)
  while worker and not isAlive(worker) do worker = call('SPOP', key) end
  if worker then post(worker, '["bell"]') end
  return worker
end

-- Puts a line at the end of those that wait for their turn.
local function offer(line)
  local turn = call('INCR', S .. 'turn')
  local circle = circleOf(line)
  local worker = ownerOf(circle)
  if isAlive(worker) then
    call('ZADD', S .. 'ready:' .. worker, turn, line)
    local waited = call('SREM', S .. 'idle', worker) + call('SREM', S .. 'idle:' .. circle, worker)
    if waited > 0 then post(worker, '["bell"]') end
  else
    call('ZADD', S .. 'ready', turn, line)
    if not wakeAny(S .. 'idle:' .. circle) then wakeAny(S .. 'idle') end
  end
end

-- What waits or runs. A task that nobody counted is one that was put into its queue by hand.
local function count(line, caller, size, sign)
  call('HINCRBY', S .. 'line:' .. line, 'tasks', sign)
  local ofCaller = S .. 'caller:' .. caller
  if size > 0 then -- less nothing is "-0" here, and no integer to Redis
    call('INCRBY', S .. 'size', sign * size)
    call('HINCRBY', ofCaller, 'size', sign * size)
  end
  if call('HINCRBY', ofCaller, 'tasks', sign) <= 0 then call('DEL', ofCaller) end
end

local function enqueue(task, line)
  call('HSET', P .. task, 'status', 'pending')
  if call('LPUSH', queueOf(line), task) == 1 and call('HEXISTS', S .. 'line:' .. line, 'fence') == 0 then
    offer(line)
  end
end

local function endClaim(line)
  local key = S .. 'line:' .. line
  call('SREM', S .. 'claims:' .. (call('HGET', key, 'worker') or ''), line)
  call('DEL', S .. 'claimed:' .. line)
  if call('LLEN', queueOf(line)) > 0 then
    call('HDEL', key, 'fence', 'left', 'worker')
    offer(line)
  else
    call('DEL', key)
  end
end

-- A task leaves its claim.
local function leaveClaim(line)
  if call('HINCRBY', S .. 'line:' .. line, 'left', -1) <= 0 then endClaim(line) end
end

-- What is left of a claim goes back to the head of its queue, in its order.
local function giveBack(line, fence, died)
  local tasks = call('LRANGE', S .. 'claimed:' .. line, 0, -1)
  for i = #tasks, 1, -1 do
    local key = P .. tasks[i]
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
  local followers = call('SMEMBERS', S .. 'followers:' .. task)
  local first, id = unpack(call('HMGET', P .. task, 'reply_to', 'id'))
  if first and id then table.insert(followers, first) end
  return followers
end

-- A task that ended without a record and was submitted again has another life, and other followers.
local function tell(task, kind, what)
  local life = call('HGET', P .. task, 'life') or '0'
  local message = '["' .. kind .. '",' .. cjson.encode(task) .. ',' .. life .. ',' .. what .. ']'
  for _, instance in ipairs(followersOf(task)) do post(instance, message) end
end

local function follow(task, instance)
  if call('HGET', P .. task, 'reply_to') ~= instance then call('SADD', S .. 'followers:' .. task, instance) end
end

-- Takes what a task says, if it did not say it before. 'event' is its JSON.
local function say(task, seq, event)
  local said = tonumber(call('HGET', P .. task, 'said') or '0')
  if seq <= said then return end
  call('HSET', P .. task, 'said', seq)
  call('RPUSH', S .. 'events:' .. task, event)
  tell(task, 'event', event)
end

local function eventsOf(task)
  return call('LRANGE', S .. 'events:' .. task, 0, -1)
end
`;
