import { KEY } from "./redis-keys.ts";

/** What gateways ask for. Each script answers an array whose first member says what became of it. */

/** `task circle lane caller id size script_hash args_hash instance | mostPerLine mostPerCaller … | field value …` */
export const SUBMIT = `
local task, circle, lane, caller, id = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local size, scriptHash, argsHash, instance = tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]
local mostPerLine, mostPerCaller, mostSizePerCaller, mostSize =
  tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local key = ${KEY.task("task")}
local known = call('HMGET', key, 'script_hash', 'args_hash', 'outcome', 'life')
if known[1] then
  if known[1] ~= scriptHash or known[2] ~= argsHash then return { 'reused' } end
  if known[3] then return { 'ended', eventsOf(task), known[3] } end
  if instance ~= '' then follow(task, instance) end
  return { 'known', eventsOf(task), known[4] or '0' }
end
local line = lineOf(circle, lane)
if instance ~= '' then -- a worker that resumes a play has its room already
  local tasks = tonumber(call('HGET', ${KEY.line("line")}, 'tasks') or '0')
  if tasks >= mostPerLine then return { 'busy', 'queued_per_circle', tasks, mostPerLine } end
  local ofCaller = call('HMGET', ${KEY.loadOf("caller")}, 'tasks', 'size')
  local tasksOfCaller = tonumber(ofCaller[1] or '0')
  if tasksOfCaller >= mostPerCaller then return { 'busy', 'queued_per_caller', tasksOfCaller, mostPerCaller } end
  local sizeOfCaller = tonumber(ofCaller[2] or '0') + size
  if sizeOfCaller > mostSizePerCaller then
    return { 'busy', 'queued_characters_per_caller', sizeOfCaller, mostSizePerCaller }
  end
  local all = tonumber(call('HGET', ${KEY.load}, 'size') or '0') + size
  if all > mostSize then return { 'busy', 'queued_characters', all, mostSize } end
end
call('DEL', key, ${KEY.events("task")}, ${KEY.followers("task")})
local life = call('INCR', ${KEY.turn})
call('HSET', key, 'circle', circle, 'lane', lane, 'caller', caller, 'id', id, 'size', size,
  'script_hash', scriptHash, 'args_hash', argsHash, 'attempts', 0, 'life', life, unpack(ARGV, 16))
if instance ~= '' then call('HSET', key, 'reply_to', instance) end
local ids = ${KEY.ids("circle", "id")}
call('RPUSH', ids, task)
count(line, caller, size, 1)
enqueue(task, line)
return { 'queued', life }
`;

/** `task instance` */
export const FOLLOW = `
local task, instance = ARGV[3], ARGV[4]
local known = call('HMGET', ${KEY.task("task")}, 'status', 'outcome', 'life')
if not known[1] then return { 'unknown' } end
if known[2] then return { 'ended', eventsOf(task), known[2] } end
follow(task, instance)
return { 'known', eventsOf(task), known[3] or '0' }
`;

/** `instance task heard …`: how each stands, for one who heard nothing behind that event for a while, and follows it from now on. */
export const LOOK = `
local instance, found = ARGV[3], {}
for i = 4, #ARGV, 2 do
  local task, heard = ARGV[i], tonumber(ARGV[i + 1])
  local known = call('HMGET', ${KEY.task("task")}, 'status', 'outcome', 'life')
  if not known[1] then
    found[#found + 1] = { 'unknown' }
  elseif known[2] then
    found[#found + 1] = { 'ended', eventsAfter(task, heard), known[2] }
  else
    follow(task, instance)
    found[#found + 1] = { 'known', eventsAfter(task, heard), known[3] or '0' }
  end
end
return found
`;

/** `task` */
export const CANCEL = `
local task = ARGV[3]
local key = ${KEY.task("task")}
local known = call('HMGET', key, 'status', 'worker', 'outcome', 'circle', 'lane', 'caller', 'size')
if not known[1] then return { 'unknown' } end
if known[3] then return { 'ended' } end
call('HSET', key, 'cancel', '1')
if known[1] == 'processing' then post(known[2], '["cancel",' .. cjson.encode(task) .. ']') end
if known[1] == 'waiting' and takeFromAside(known[4], task) then
  local line = lineOf(known[4], known[5])
  count(line, known[6], tonumber(known[7]), 1)
  enqueue(task, line)
end
return { 'asked' }
`;

/** `circle id`: the caller of the oldest of these tasks. */
export const FIND = `
local ids = ${KEY.ids("ARGV[3]", "ARGV[4]")}
local ended
for _, task in ipairs(call('LRANGE', ids, 0, -1)) do
  local known = call('HMGET', ${KEY.task("task")}, 'caller', 'outcome')
  if not known[1] then call('LREM', ids, 1, task)
  elseif not known[2] then return { 'found', known[1] }
  elseif not ended then ended = known[1] end
end
if ended then return { 'found', ended } end
return { 'unknown' }
`;

/** `circle notice` */
export const NOTIFY = `
local listeners = ${KEY.listeners("ARGV[3]")}
for _, instance in ipairs(call('SMEMBERS', listeners)) do
  if isAlive(instance) then
    post(instance, '["notice",' .. cjson.encode(ARGV[3]) .. ',' .. ARGV[4] .. ']')
  else
    call('SREM', listeners, instance)
  end
end
return { 'told' }
`;

/** `instance circle isListening` */
export const LISTEN = `
call(ARGV[5] == '1' and 'SADD' or 'SREM', ${KEY.listeners("ARGV[4]")}, ARGV[3])
return { 'heard' }
`;

/** How many tasks wait or run. */
export const LOAD = `
return { 'load', call('HGET', ${KEY.load}, 'tasks') or '0' }
`;
