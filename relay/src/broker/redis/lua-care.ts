import { KEY } from "./redis-keys.ts";

/** What keeps a bucket in order, whoever dies. */

/**
 * `instance ms isJoining`: says that it is alive. `new` where nobody knew it; if it is not joining, nobody does then either:
 * it was not in time, and others may have its circles.
 */
export const BEAT = `
local isKnown = isAlive(ARGV[3])
if isKnown or ARGV[5] == '1' then
  call('ZADD', ${KEY.instances}, whole(NOW / 1000 + tonumber(ARGV[4])), ARGV[3])
end
return { isKnown and 'known' or 'new' }
`;

/** `instance`: leaves in order. What it held is free when somebody tidies up, and counts as no attempt. */
export const LEAVE = `
call('ZADD', ${KEY.instances}, 'XX', 0, ARGV[3])
return { 'left' }
`;

/**
 * `most`: takes what the dead left behind, and forgets what ended long ago. Tasks go back to the heads of their queues, lines
 * that waited for the dead wait for anybody. Answers how much there was: ask again until it is nothing.
 */
export const REAP = `
local most, found = tonumber(ARGV[3]), 0
local dead, until_ = unpack(
  call('ZRANGEBYSCORE', ${KEY.instances}, '-inf', NOW_MS, 'WITHSCORES', 'LIMIT', 0, 1))
if not dead then return { 'reaped', sweep(most) } end
local hasDied = tonumber(until_) > 0
local claims, ready = ${KEY.claims("dead")}, ${KEY.readyOf("dead")}
for _, line in ipairs(call('SPOP', claims, most)) do
  found = found + 1
  local key = ${KEY.line("line")}
  local held = call('HMGET', key, 'fence', 'worker')
  if held[2] == dead then giveBack(line, held[1], hasDied) end
end
local waiting = call('ZRANGE', ready, 0, most - 1, 'WITHSCORES')
for i = 1, #waiting, 2 do
  found = found + 1
  call('ZREM', ready, waiting[i])
  call('ZADD', ${KEY.ready}, waiting[i + 1], waiting[i])
  wakeFor(circleOf(waiting[i]))
end
if found == 0 then
  call('ZREM', ${KEY.instances}, dead)
  call('DEL', claims, ready, ${KEY.replies("dead")}) -- of a process: a worker's name has no list
  call('SREM', ${KEY.idle}, dead)
  found = 1
end
return { 'reaped', found }
`;

/** `circle fence`: the circle's log knows a fence at least as high as the lease; answers a lease above it. */
export const RAISE = `
local worker, circle, above = ARGV[3], ARGV[4], tonumber(ARGV[5])
if ownerOf(circle) ~= worker or not isAlive(worker) then return { 'gone' } end
local last = tonumber(call('GET', ${KEY.fence}) or '0')
if above > NOW + MOST_AHEAD_US then return { 'gone' } end
if last < above then call('SET', ${KEY.fence}, whole(above)) end
return { 'raised', giveCircle(circle, worker) }
`;

/**
 * `cursor most circle …`: offers queues that were filled by a plain LPUSH, as the specification's clients do. Looks at these
 * circles, or without any at the next keys behind a cursor; answers the cursor to go on with.
 */
export const RECONCILE = `
local function reconcile(circle)
  for _, line in ipairs(linesOf(circle)) do
    local isLeft = (try('LLEN', queueOf(line)) or 0) > 0 and not isClaimed(line)
    local worker = isLeft and ownerOf(circle)
    local isOffered = call('ZSCORE', ${KEY.ready}, line) or (worker and call('ZSCORE', ${KEY.readyOf("worker")}, line))
    if isLeft and not isOffered then offer(line) end
  end
end

for i = 5, #ARGV do reconcile(ARGV[i]) end
if #ARGV > 4 then return { 'reconciled', '0' } end
local found = call('SCAN', ARGV[3], 'MATCH', P .. '0[23]*', 'COUNT', ARGV[4], 'TYPE', 'list')
for _, key in ipairs(found[2]) do
  local circle = string.sub(key, #P + 1)
  if #circle == 66 and string.match(circle, '^%x+$') then reconcile(circle) end
end
return { 'reconciled', found[1] }
`;
