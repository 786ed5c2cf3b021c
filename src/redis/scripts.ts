import { createHash } from 'node:crypto';

/**
 * What happens in Redis, each as one script, so that it happens as a whole. Every script gets the prefix and the grace in
 * milliseconds first. The clock is that of Redis alone. The keys, each behind the prefix:
 *
 * - `instances`: when the lease of each instance ends
 * - `id:<hash>`: who owns an id. `t` is the token of the registration and empty once it was given up, `i` the instance,
 *   `s` orders the registrations, `n` counts the requests
 * - `q:<hash>`: the requests that have no answer yet, by their numbers
 * - `late`: what was answered 202 and has not been answered by its owner, by the time at which to look again
 * - `since`: since when this data exists. Before the instances had time to come back, an unknown id is nobody's fault
 *
 * and the channel `to:<instance>`. No key is declared to Redis: which ones are needed depends on what others hold.
 */
const PRELUDE = `
local P, grace = ARGV[1], tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local function place(instance)
  local ends = instance and tonumber(redis.call('ZSCORE', P .. 'instances', instance) or nil)
  if not ends or now >= ends + grace then return 'gone' end
  return now < ends and 'here' or 'away'
end
local function tell(instance, message)
  return redis.call('PUBLISH', P .. 'to:' .. instance, message)
end
`;

/** Registers an id, or takes it up again: hash, token, instance, remember, order of the registration or ''. */
const REGISTER = `
local h, token, instance, mine = ARGV[3], ARGV[4], ARGV[5], ARGV[7]
local key, queue = P .. 'id:' .. h, P .. 'q:' .. h
local c = redis.call('HMGET', key, 't', 'i', 's')
if mine == '' then
  local at = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
  if c[3] and tonumber(c[3]) >= at then at = tonumber(c[3]) + 1 end
  mine = string.format('%.0f', at)
elseif c[3] and (c[1] == '' or tonumber(c[3]) > tonumber(mine)) then
  return {0, ''}
end
redis.call('HSET', key, 't', token, 'i', instance, 's', mine)
redis.call('PEXPIRE', key, ARGV[6])
if c[1] and c[1] ~= '' and c[2] ~= instance then tell(c[2], 'r ' .. h .. ' ' .. c[1] .. '\\n') end
local numbers = redis.call('HKEYS', queue)
table.sort(numbers, function(a, b) return tonumber(a) < tonumber(b) end)
for _, number in ipairs(numbers) do tell(instance, 'f ' .. h .. ' ' .. token .. ' ' .. number .. '\\n') end
return {1, mine}
`;

/** Gives an id up: hash, token, order, remember, and the requests that its owner has taken. Returns what nobody could be told. */
const RELEASE = `
local h = ARGV[3]
local key, queue = P .. 'id:' .. h, P .. 'q:' .. h
local c = redis.call('HMGET', key, 't', 's')
if not c[1] or c[1] == '' or (c[1] ~= ARGV[4] and c[2] ~= ARGV[5]) then return 0 end
redis.call('HSET', key, 't', '')
redis.call('PEXPIRE', key, ARGV[6])
local taken, untold = {}, 0
for at = 7, #ARGV do taken[ARGV[at]] = true end
local entries = redis.call('HGETALL', queue)
for at = 1, #entries, 2 do
  local from, request = string.sub(entries[at + 1], 1, 36), string.sub(entries[at + 1], 38, 73)
  if not taken[request] then
    redis.call('HDEL', queue, entries[at])
    local late = redis.call('ZREM', P .. 'late', h .. ' ' .. entries[at] .. ' ' .. from .. ' ' .. request)
    local told = tell(from, (late == 1 and 'l ' or 'e ') .. request .. ' released\\n')
    if late == 1 and told == 0 then untold = untold + 1 end
  end
end
return untold
`;

/**
 * Does what the events of a moment need, one step after the other: the limit, the settling time, the lifetime and the largest to send at
 * once, and then the steps, and all that they carry in one piece. Each step has a letter, the length of what it carries, and its other
 * arguments. It gets two numbers in reply: -1 for a step that failed, which keeps no other from being done.
 *
 * - `s` leaves a request for the owner of an id: hash. It carries the envelope. Replies with a status and the number of the request. An
 *   owner that passes on to itself has the request already, and is only told that its turn has come.
 * - `a` answers a request: hash, number, from, request. It carries the message to who passed it on, and nothing where that is the owner
 *   itself. Replies whether it had been answered 202.
 *
 * An instance gets all its messages in one, in their order.
 */
const STEPS = `
local limit, settling, lifetime, largest = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local told = {}
local function later(instance, message)
  local messages = told[instance] or {}
  messages[#messages + 1] = message
  told[instance] = messages
end
local function submit(h, envelope)
  local key, queue = P .. 'id:' .. h, P .. 'q:' .. h
  local c = redis.call('HMGET', key, 't', 'i')
  if not c[1] then
    local since = tonumber(redis.call('GET', P .. 'since') or nil)
    if since and now - since >= settling then return 404, 0 end
    if not since then redis.call('SET', P .. 'since', now) end
    return 503, 0
  end
  local where = c[1] ~= '' and place(c[2]) or 'gone'
  if where ~= 'here' then return where == 'away' and 503 or 410, 0 end
  if redis.call('HLEN', queue) >= limit then return 429, 0 end
  local number = redis.call('HINCRBY', key, 'n', 1)
  redis.call('HSET', queue, number, envelope)
  redis.call('PEXPIRE', queue, lifetime)
  local to = h .. ' ' .. c[1] .. ' ' .. number
  if string.sub(envelope, 1, 36) == c[2] then later(c[2], 'o ' .. to .. ' ' .. string.sub(envelope, 1, 73) .. '\\n')
  elseif #envelope > largest then later(c[2], 'f ' .. to .. '\\n')
  else later(c[2], 'q ' .. to .. ' ' .. envelope) end
  return 200, number
end
local function answer(h, number, from, request, message)
  local queue = P .. 'q:' .. h
  local envelope = redis.call('HGET', queue, number)
  if envelope and string.sub(envelope, 38, 73) == request then
    redis.call('HDEL', queue, number)
    if message ~= '' then later(from, message) end
  end
  return redis.call('ZREM', P .. 'late', h .. ' ' .. number .. ' ' .. from .. ' ' .. request), 0
end
local at, carried, replies = 7, 1, {}
local all = ARGV[#ARGV]
while at < #ARGV do
  local after = carried + tonumber(ARGV[at + 1])
  local piece = string.sub(all, carried, after - 1)
  carried = after
  local ok, one, two
  if ARGV[at] == 's' then
    ok, one, two = pcall(submit, ARGV[at + 2], piece)
    at = at + 3
  else
    ok, one, two = pcall(answer, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], piece)
    at = at + 6
  end
  replies[#replies + 1] = ok and one or -1
  replies[#replies + 1] = ok and two or 0
end
for instance, messages in pairs(told) do
  if #messages == 1 then
    tell(instance, messages[1])
  else
    local head = 'm'
    for _, message in ipairs(messages) do head = head .. ' ' .. #message end
    tell(instance, head .. '\\n' .. table.concat(messages))
  end
end
return replies
`;

/** Takes a request back, or keeps an event: hash, number, from, request, is it an event, when to look again. */
const SETTLE = `
local h, queue = ARGV[3], P .. 'q:' .. ARGV[3]
local envelope = redis.call('HGET', queue, ARGV[4])
if not envelope or string.sub(envelope, 38, 73) ~= ARGV[6] then return 0 end
local c = redis.call('HMGET', P .. 'id:' .. h, 't', 'i')
if ARGV[7] == '1' and c[1] and (c[1] == '' or place(c[2]) == 'here') then
  redis.call('ZADD', P .. 'late', now + tonumber(ARGV[8]), h .. ' ' .. ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. ARGV[6])
  return 2
end
redis.call('HDEL', queue, ARGV[4])
return 1
`;

/**
 * An instance reports: instance, lease, remember, when to look again. What was kept for owners that are gone is reported as lost to
 * whoever passed it on. Returns whether the instance was known, and how much nobody could be told.
 */
const REPORT = `
local known = redis.call('ZADD', P .. 'instances', now + tonumber(ARGV[4]), ARGV[3])
redis.call('ZREMRANGEBYSCORE', P .. 'instances', '-inf', now - grace)
redis.call('PEXPIRE', P .. 'instances', tonumber(ARGV[4]) + grace)
redis.call('SET', P .. 'since', now, 'NX')
redis.call('PEXPIRE', P .. 'since', ARGV[5])
local untold = 0
for _, member in ipairs(redis.call('ZRANGEBYSCORE', P .. 'late', '-inf', now, 'LIMIT', 0, 1000)) do
  local h, number, from, request = string.match(member, '^(%S+) (%d+) (%S+) (%S+)$')
  local c = h and redis.call('HMGET', P .. 'id:' .. h, 't', 'i') or {}
  if c[1] and c[1] ~= '' and place(c[2]) ~= 'gone' then
    redis.call('ZADD', P .. 'late', now + tonumber(ARGV[6]), member)
  else
    redis.call('ZREM', P .. 'late', member)
    if h then
      redis.call('HDEL', P .. 'q:' .. h, number)
      if tell(from, 'l ' .. request .. ' owner-gone\\n') == 0 then untold = untold + 1 end
    end
  end
end
tell(ARGV[3], 'p\\n')
return {1 - known, untold}
`;

/** An instance leaves: instance. Returns how many others are there. */
const LEAVE = `
redis.call('ZADD', P .. 'instances', now, ARGV[3])
tell(ARGV[3], 'p\\n')
return redis.call('ZCOUNT', P .. 'instances', '(' .. now, '+inf')
`;

/** Whether an event that was answered 202 is still kept: its name in `late`. */
const KEPT = `
return redis.call('ZSCORE', P .. 'late', ARGV[3]) and 1 or 0
`;

const BODIES = {
  register: REGISTER,
  release: RELEASE,
  steps: STEPS,
  settle: SETTLE,
  report: REPORT,
  leave: LEAVE,
  kept: KEPT,
} as const;

/** The name of a script. */
export type ScriptName = keyof typeof BODIES;

/** A script and the name by which Redis knows it once it has run. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** Every script. */
export const SCRIPTS = Object.fromEntries(
  Object.entries(BODIES).map(([name, body]) => {
    const text = PRELUDE + body;
    return [name, { text, sha: createHash('sha1').update(text).digest('hex') }];
  }),
) as Readonly<Record<ScriptName, Script>>;
