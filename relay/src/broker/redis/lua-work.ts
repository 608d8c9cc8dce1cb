/** What workers ask for. A claim is named by its line and its fence. */

/** `worker lines mostTasks mostSize circle …`: claims, and the right to hear of more. */
export const CLAIM = `
local worker, lines, mostTasks, mostSize = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if not isAlive(worker) then return { 'gone' } end
local own, any = S .. 'ready:' .. worker, S .. 'ready'

local function firstOf(key)
  local found = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return found[1], tonumber(found[2])
end

-- The line whose turn it is: of those of this worker and those of nobody, the one that has waited longest.
local function nextLine()
  if #ARGV == 6 then
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
    for _, line in ipairs({ ARGV[i], ARGV[i] .. '/control' }) do
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
  if owner == worker then return lease end
  if isAlive(owner) then return nil end
  lease = nextFence()
  call('SET', S .. 'circle:' .. circle, lease .. ' ' .. worker)
  return lease
end

-- A task as the specification puts it into a queue by hand has not been counted.
local function adopt(task, line)
  local fields = call('HMGET', P .. task, 'size', 'script', 'args', 'caller')
  if fields[1] then return tonumber(fields[1]) end
  local size = #(fields[2] or '') + #(fields[3] or '')
  call('HSET', P .. task, 'size', size, 'attempts', 0)
  count(line, fields[4] or '', size, 1)
  return size
end

local function claim(line, lease)
  local queue, tasks, total = queueOf(line), {}, 0
  local fence = nextFence()
  while #tasks < mostTasks do
    local task = call('LINDEX', queue, -1)
    if not task then break end
    local key = P .. task
    if call('HEXISTS', key, 'status') == 0 then
      call('RPOP', queue)
    else
      local size = adopt(task, line)
      -- What was under way when a worker died may be why: it runs alone.
      local isSuspect = tonumber(call('HGET', key, 'attempts')) > 0
      if #tasks > 0 and (isSuspect or total + size > mostSize) then break end
      total = total + size
      call('RPOP', queue)
      call('HSET', key, 'status', 'processing', 'claim', fence, 'worker', worker)
      call('RPUSH', S .. 'claimed:' .. line, task)
      tasks[#tasks + 1] = { task, call('HGETALL', key) }
      if isSuspect then break end
    end
  end
  if #tasks == 0 then
    call('DEL', S .. 'line:' .. line)
    return nil
  end
  call('HSET', S .. 'line:' .. line, 'fence', fence, 'left', #tasks, 'worker', worker)
  call('SADD', S .. 'claims:' .. worker, line)
  return { line, fence, lease, tasks }
end

local claims = {}
while #claims < lines do
  local line = nextLine()
  if not line then break end
  if call('HEXISTS', S .. 'line:' .. line, 'fence') == 0 then
    local lease = leaseOf(circleOf(line))
    if lease then claims[#claims + 1] = claim(line, lease) else offer(line) end
  end
end
if #claims < lines then
  if #ARGV == 6 then call('SADD', S .. 'idle', worker) end
  for i = 7, #ARGV do call('SADD', S .. 'idle:' .. ARGV[i], worker) end
end
return { 'claimed', claims }
`;

/** `line fence task outcome isRemembered`: ends a task and tells whoever follows it. */
export const FINISH = `
local line, fence, task, outcome = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local key = P .. task
local known = call('HMGET', key, 'claim', 'ended_by', 'caller', 'size', 'circle', 'id', 'said', 'reply_to')
if known[2] == fence then return { 'done' } end -- asked again, for its answer was lost
if known[1] ~= fence then return { 'stale' } end
if tonumber(call('HGET', key, 'attempts') or '0') >= MOST_ATTEMPTS then
  call('LPUSH', S .. 'dead', task)
  call('LTRIM', S .. 'dead', 0, MOST_DEAD - 1)
end
count(line, known[3] or '', tonumber(known[4]), -1)
tell(task, 'ended', (known[7] or '0') .. ',' .. outcome)
local ids = S .. 'ids:' .. (known[5] or '') .. '/' .. (known[6] or task)
local isByHand = not known[6]
if ARGV[7] == '1' or isByHand then
  call('HDEL', key, 'script', 'args', 'proof', 'claim', 'worker', 'cancel', 'reply_to')
  call('HSET', key, 'status', ARGV[8], 'outcome', outcome, 'ended_by', fence)
  call('PEXPIRE', key, KEPT_MS)
  call('PEXPIRE', S .. 'events:' .. task, KEPT_MS)
  if call('LINDEX', ids, 0) == task and call('LLEN', ids) == 1 then call('PEXPIRE', ids, KEPT_MS) end
else
  call('DEL', key, S .. 'events:' .. task)
  call('LREM', ids, 1, task)
end
call('DEL', S .. 'followers:' .. task)
if isByHand then -- whoever put it in waits as the specification says
  local replies, told = P .. 'reply:' .. (known[8] or task), cjson.decode(outcome)
  if told.output then call('HSET', key, 'output', told.output) else call('HSET', key, 'error', told.failure.message) end
  call('LPUSH', replies, outcome)
  call('PEXPIRE', replies, KEPT_MS)
end
leaveClaim(line)
return { 'done' }
`;

/** `line fence` */
export const RELEASE = `
if call('HGET', S .. 'line:' .. ARGV[3], 'fence') ~= ARGV[4] then return { 'stale' } end
giveBack(ARGV[3], ARGV[4], false)
return { 'done' }
`;

/** `line fence task seq event …` */
export const EMIT = `
local line, fence, task = ARGV[3], ARGV[4], ARGV[5]
if call('HGET', P .. task, 'claim') ~= fence then return { 'stale' } end
for i = 6, #ARGV, 2 do say(task, tonumber(ARGV[i]), ARGV[i + 1]) end
return { 'done' }
`;

/** `line fence task seq event mostPerCircle mostPerCaller` */
export const SET_ASIDE = `
local line, fence, task = ARGV[3], ARGV[4], ARGV[5]
local key = P .. task
local known = call('HMGET', key, 'claim', 'set_aside_by', 'caller', 'size', 'cancel')
if known[2] == fence then return { 'done' } end
if known[1] ~= fence then return { 'stale' } end
local aside = S .. 'aside:' .. circleOf(line)
if call('HLEN', aside) >= tonumber(ARGV[8]) then return { 'full' } end
local ofCaller = 0
for _, caller in ipairs(call('HVALS', aside)) do if caller == known[3] then ofCaller = ofCaller + 1 end end
if ofCaller >= tonumber(ARGV[9]) then return { 'full' } end
say(task, tonumber(ARGV[6]), ARGV[7])
call('HDEL', key, 'claim', 'worker')
call('HSET', key, 'status', 'waiting', 'set_aside_by', fence)
count(line, known[3], tonumber(known[4]), -1)
if known[5] then
  count(line, known[3], tonumber(known[4]), 1)
  enqueue(task, line)
else
  call('HSET', aside, task, known[3])
end
leaveClaim(line)
return { 'done' }
`;

/** `task circle lane caller size field value …`: puts a task that was set aside in line again, as it now is. */
export const RESUME = `
local task, circle, lane, caller, size = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local key = P .. task
if call('HEXISTS', key, 'status') == 0 then return { 'unknown' } end
if call('HDEL', S .. 'aside:' .. circle, task) == 0 then return { 'known' } end
call('HSET', key, 'lane', lane, 'size', size, unpack(ARGV, 8))
local line = lineOf(circle, lane)
count(line, caller, size, 1)
enqueue(task, line)
return { 'queued' }
`;
