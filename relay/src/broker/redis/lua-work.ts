import { KEY } from "./redis-keys.ts";

/** What workers ask for. A claim is named by its line and its fence. */

/** `worker lines mostTasks mostSize circle …`: claims, and the right to hear of more. */
export const CLAIM = `
local worker, lines, mostTasks, mostSize = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local takesAny = #ARGV == 6
if not isAlive(worker) then return { 'gone' } end
local own, any = ${KEY.readyOf("worker")}, ${KEY.ready}

local function firstOf(key)
  local found = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return found[1], tonumber(found[2])
end

-- The line whose turn it is: of those of this worker and those of nobody, the one that has waited longest.
local function nextLine()
  if takesAny then
    local mine, mineSince = firstOf(own)
    local free, freeSince = firstOf(any)
    if mine and (not free or mineSince < freeSince) then
      call('ZREM', own, mine)
      return mine
    end
    if free then call('ZREM', any, free) end
    return free
  end
  local best, since, from
  for i = 7, #ARGV do
    for _, line in ipairs(linesOf(ARGV[i])) do
      for _, key in ipairs({ own, any }) do
        local turn = tonumber(call('ZSCORE', key, line) or '0')
        if turn > 0 and (not since or turn < since) then best, since, from = line, turn, key end
      end
    end
  end
  if best then call('ZREM', from, best) end
  return best
end

-- The lease under which this worker has the circle; none if another one that is alive has it.
local function leaseOf(circle)
  local owner, lease = ownerOf(circle)
  if owner == worker and tonumber(lease) <= NOW + MOST_AHEAD_US then
    call('PEXPIRE', ${KEY.circle("circle")}, CIRCLE_MS)
    return lease
  end
  if owner ~= worker and isAlive(owner) then return nil end
  return giveCircle(circle, worker)
end

local function isWhole(text)
  return text and string.match(text, '^%d+$') and #text < 16
end

-- A task as the specification puts it into a queue by hand has not been counted. Answers its size and attempts.
local function adopt(task, line)
  local key = ${KEY.task("task")}
  local fields = call('HMGET', key, 'size', 'attempts', 'script', 'args', 'caller')
  local size, attempts = fields[1], fields[2]
  if not isWhole(attempts) then
    attempts = '0'
    call('HSET', key, 'attempts', attempts)
  end
  if not isWhole(size) then
    size = #(fields[3] or '') + #(fields[4] or '')
    call('HSET', key, 'size', size)
    count(line, fields[5] or '', size, 1)
  end
  return tonumber(size), tonumber(attempts)
end

local function claim(line, lease)
  local queue, tasks, total = queueOf(line), {}, 0
  local fence = nextFence()
  while #tasks < mostTasks do
    local task = try('LINDEX', queue, -1)
    if not task then break end
    local key = ${KEY.task("task")}
    local status = try('HGET', key, 'status')
    if status ~= 'pending' then -- it has ended, was put there twice, or is no task
      call('RPOP', queue)
    else
      local size, attempts = adopt(task, line)
      -- What was under way when a worker died may be why: it runs alone.
      local isSuspect = attempts > 0
      if #tasks > 0 and (isSuspect or total + size > mostSize) then break end
      total = total + size
      call('RPOP', queue)
      call('HSET', key, 'status', 'processing', 'claim', fence, 'worker', worker)
      call('RPUSH', ${KEY.claimed("line")}, task)
      tasks[#tasks + 1] = { task, call('HGETALL', key) }
      if isSuspect then break end
    end
  end
  if #tasks == 0 then
    call('DEL', ${KEY.line("line")})
    return nil
  end
  call('HSET', ${KEY.line("line")}, 'fence', fence, 'left', #tasks, 'worker', worker)
  call('SADD', ${KEY.claims("worker")}, line)
  return { line, fence, lease, tasks }
end

local claims = {}
while #claims < lines do
  local line = nextLine()
  if not line then break end
  if not isClaimed(line) then
    local lease = leaseOf(circleOf(line))
    if lease then claims[#claims + 1] = claim(line, lease) else offer(line) end
  end
end
if #claims < lines then
  if takesAny then call('SADD', ${KEY.idle}, worker) end
  for i = 7, #ARGV do call('SADD', ${KEY.idleFor("ARGV[i]")}, worker) end
end
return { 'claimed', claims }
`;

/** `line fence task outcome isRemembered status timing`: ends a task and tells whoever follows it; its timing is not kept. */
export const FINISH = `
local line, fence, task, outcome = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local key = ${KEY.task("task")}
local known = call('HMGET', key, 'claim', 'ended_by', 'caller', 'size', 'id', 'said', 'reply_to', 'worker', 'attempts',
  'said_size', 'kept')
if known[2] == fence then return { 'done' } end -- asked again, for its answer was lost
if known[1] ~= fence then return { 'stale' } end
local circle = circleOf(line)
local owner = ownerOf(circle)
if owner and owner ~= known[8] then return { 'stale' } end -- another one has the circle; the task is on its way back
call('PEXPIRE', ${KEY.circle("circle")}, CIRCLE_MS)
if tonumber(known[9]) >= MOST_ATTEMPTS then
  call('LPUSH', ${KEY.dead}, task)
  call('LTRIM', ${KEY.dead}, 0, MOST_DEAD - 1)
end
count(line, known[3] or '', tonumber(known[4]), -1)
tell(task, 'ended', (known[6] or '0') .. ',' .. outcome .. ',' .. ARGV[9])
local isByHand = not known[5]
if ARGV[7] == '1' or isByHand then
  call('HDEL', key, 'script', 'args', 'proof', 'claim', 'worker', 'cancel', 'reply_to')
  call('HSET', key, 'status', ARGV[8], 'outcome', outcome, 'ended_by', fence)
  remember(task, #outcome + tonumber(known[10] or '0') + KEPT_BESIDE, tonumber(known[11] or '0') or 0)
else
  call('DEL', key, ${KEY.events("task")})
  call('LREM', ${KEY.ids("circle", "known[5]")}, 1, task)
end
call('DEL', ${KEY.followers("task")})
if isByHand then -- whoever put it in waits as the specification says
  local replies, told = ${KEY.replies("(known[7] or task)")}, cjson.decode(outcome)
  if told.output then call('HSET', key, 'output', told.output) else call('HSET', key, 'error', told.failure.message) end
  if try('LPUSH', replies, outcome) then call('PEXPIRE', replies, KEPT_MS) end
end
leaveClaim(line)
sweep(8)
return { 'done' }
`;

/** `line fence` */
export const RELEASE = `
if call('HGET', ${KEY.line("ARGV[3]")}, 'fence') ~= ARGV[4] then return { 'stale' } end
giveBack(ARGV[3], ARGV[4], false)
return { 'done' }
`;

/** `line fence task seq event …` */
export const EMIT = `
local line, fence, task = ARGV[3], ARGV[4], ARGV[5]
if call('HGET', ${KEY.task("task")}, 'claim') ~= fence then return { 'stale' } end
for i = 6, #ARGV, 2 do say(task, tonumber(ARGV[i]), ARGV[i + 1]) end
return { 'done' }
`;

/** `line fence task seq event mostPerCircle mostPerCaller`; the event's JSON comes without its number. */
export const SET_ASIDE = `
local line, fence, task = ARGV[3], ARGV[4], ARGV[5]
local key = ${KEY.task("task")}
local known = call('HMGET', key, 'claim', 'set_aside_by', 'caller', 'size', 'cancel', 'said')
if known[2] == fence then return { 'done' } end
if known[1] ~= fence then return { 'stale' } end
local aside = ${KEY.aside("circleOf(line)")}
if call('HLEN', aside) >= tonumber(ARGV[8]) then return { 'full' } end
local ofCaller = 0
for _, caller in ipairs(call('HVALS', aside)) do if caller == known[3] then ofCaller = ofCaller + 1 end end
if ofCaller >= tonumber(ARGV[9]) then return { 'full' } end
local size = tonumber(call('HGET', key, 'said_size') or '0') + #ARGV[7] + tonumber(known[4]) + KEPT_BESIDE
if tonumber(call('GET', ${KEY.asideSize}) or '0') + size > MOST_ASIDE then return { 'full' } end
-- A run before this one may have said more than this one did.
local seq = math.max(tonumber(ARGV[6]), tonumber(known[6] or '0') + 1)
say(task, seq, '{"seq":' .. whole(seq) .. ',' .. string.sub(ARGV[7], 2))
call('HDEL', key, 'claim', 'worker')
call('HSET', key, 'status', 'waiting', 'set_aside_by', fence, 'said_before', seq)
count(line, known[3], tonumber(known[4]), -1)
if known[5] then
  count(line, known[3], tonumber(known[4]), 1)
  enqueue(task, line)
else
  call('HSET', aside, task, known[3])
  call('HSET', key, 'aside_size', size)
  call('INCRBY', ${KEY.asideSize}, size)
end
leaveClaim(line)
return { 'done' }
`;

/** `task circle lane caller size field value …`: puts a task that was set aside in line again, as it now is. */
export const RESUME = `
local task, circle, lane, caller, size = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local key = ${KEY.task("task")}
if call('HEXISTS', key, 'status') == 0 then return { 'unknown' } end
if not takeFromAside(circle, task) then return { 'known' } end
call('HSET', key, 'lane', lane, 'size', size, unpack(ARGV, 8))
local line = lineOf(circle, lane)
count(line, caller, size, 1)
enqueue(task, line)
return { 'queued' }
`;
