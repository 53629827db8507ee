/**
 * The scripts that run inside Redis, each as one atomic step. Keys are made of the prefix, which holds the hash tag that puts all of them
 * into one slot, so that a script may touch any of them. A table is a hash of rows (`t:`), a hash of where each row stands (`m:`) and
 * sorted sets (`z:`) to find rows by; a row's place among equals is the order in which it came.
 */

/**
 * ARGV: prefix, id of the step, time after which it must not happen (milliseconds by the server's clock), then operations: name, number of
 * arguments, arguments. Checks come before writes: nothing is written unless all of them hold. Replies "ok", "late", or the number of the
 * check that did not hold. A step that was made already replies "ok" again, for as long as it could be sent again.
 */
export const STEP = `
local p = ARGV[1]
local key = p .. 'step:' .. ARGV[2]
if redis.call('EXISTS', key) == 1 then return 'ok' end
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[3]) then return 'late' end

local function remove(t, id)
  local known = redis.call('HGET', p .. 'm:' .. t, id)
  if not known then return end
  local stands = cjson.decode(known)
  for j = 2, #stands do redis.call('ZREM', p .. 'z:' .. t .. ':' .. stands[j], stands[1]) end
  redis.call('HDEL', p .. 't:' .. t, id)
  redis.call('HDEL', p .. 'm:' .. t, id)
end

local i = 4
local number = 0
while i <= #ARGV do
  local op, n = ARGV[i], tonumber(ARGV[i + 1])
  local a, b, c = ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  number = number + 1
  if op == 'is' then
    if redis.call('HGET', p .. a, b) ~= c then return tostring(number) end
  elseif op == 'none' then
    if redis.call('HEXISTS', p .. a, b) == 1 then return tostring(number) end
  elseif op == 'length' then
    if redis.call('LLEN', p .. a) ~= tonumber(b) then return tostring(number) end
  elseif op == 'last' then
    if redis.call('LINDEX', p .. a, -1) ~= b then return tostring(number) end
  elseif op == 'only' then
    local found = redis.call('ZRANGE', p .. 'z:' .. a, 0, 1)
    for _, one in ipairs(found) do
      if string.sub(one, 18) ~= b then return tostring(number) end
    end
  elseif op == 'count' then
    if redis.call('ZCARD', p .. 'z:' .. a) ~= tonumber(b) then return tostring(number) end
  elseif op == 'run' then
    if not string.find(redis.call('INFO', 'server'), 'run_id:' .. a, 1, true) then return tostring(number) end
  elseif op == 'put' then
    local t, id, body = a, b, c
    local known = redis.call('HGET', p .. 'm:' .. t, id)
    local member
    local wanted = {}
    for j = i + 5, i + 1 + n, 2 do wanted[ARGV[j]] = ARGV[j + 1] end
    if known then
      known = cjson.decode(known)
      member = known[1]
      for j = 2, #known do
        if not wanted[known[j]] then redis.call('ZREM', p .. 'z:' .. t .. ':' .. known[j], member) end
      end
    else
      member = string.format('%016d', redis.call('INCR', p .. 'seq')) .. ':' .. id
    end
    local stands = { member }
    for j = i + 5, i + 1 + n, 2 do
      redis.call('ZADD', p .. 'z:' .. t .. ':' .. ARGV[j], ARGV[j + 1], member)
      stands[#stands + 1] = ARGV[j]
    end
    redis.call('HSET', p .. 't:' .. t, id, body)
    redis.call('HSET', p .. 'm:' .. t, id, cjson.encode(stands))
  elseif op == 'del' then
    remove(a, b)
  elseif op == 'expire' then
    local stands = redis.call('HGET', p .. 'm:' .. a, b)
    local score = stands and redis.call('ZSCORE', p .. 'z:' .. a .. ':age', cjson.decode(stands)[1])
    if score and tonumber(score) < tonumber(c) then remove(a, b) end
  elseif op == 'set' then
    redis.call('HSET', p .. a, b, c)
  elseif op == 'most' then
    local before = redis.call('HGET', p .. a, b)
    if not before or tonumber(before) < tonumber(c) then redis.call('HSET', p .. a, b, c) end
  elseif op == 'unset' then
    redis.call('HDEL', p .. a, b)
  elseif op == 'push' then
    redis.call('RPUSH', p .. a, b)
  elseif op == 'join' then
    redis.call('SADD', p .. a, b)
  else
    return redis.error_reply('ERR unknown operation ' .. op)
  end
  i = i + 2 + n
end
redis.call('SET', key, 'ok', 'PX', 30000)
return 'ok'
`;

/**
 * ARGV: prefix, table, index, lowest and highest score, "1" for the highest first, how many to skip, how many at most (-1: all). Replies with
 * standing, score and row of each, one after the other.
 */
export const PAGE = `
local p, t = ARGV[1], ARGV[2]
local key = p .. 'z:' .. t .. ':' .. ARGV[3]
local found
if ARGV[6] == '1' then
  found = redis.call('ZREVRANGEBYSCORE', key, ARGV[5], ARGV[4], 'WITHSCORES', 'LIMIT', ARGV[7], ARGV[8])
else
  found = redis.call('ZRANGEBYSCORE', key, ARGV[4], ARGV[5], 'WITHSCORES', 'LIMIT', ARGV[7], ARGV[8])
end
local reply = {}
for i = 1, #found, 2 do
  local row = redis.call('HGET', p .. 't:' .. t, string.sub(found[i], 18))
  if row then
    reply[#reply + 1] = found[i]
    reply[#reply + 1] = found[i + 1]
    reply[#reply + 1] = row
  end
end
return reply
`;

/**
 * ARGV: prefix, table, a set of names, the beginning of an index. Replies with standing and row of the first of each index that begins so and
 * goes on with one of those names; a name whose index is empty goes from the set.
 */
export const FIRSTS = `
local p, t = ARGV[1], ARGV[2]
local reply = {}
for _, name in ipairs(redis.call('SMEMBERS', p .. ARGV[3])) do
  local first = redis.call('ZRANGE', p .. 'z:' .. t .. ':' .. ARGV[4] .. name, 0, 0)[1]
  if first then
    reply[#reply + 1] = first
    reply[#reply + 1] = redis.call('HGET', p .. 't:' .. t, string.sub(first, 18))
  else
    redis.call('SREM', p .. ARGV[3], name)
  end
end
return reply
`;

/** ARGV: prefix. Replies with the server's time in milliseconds, its run id, and the incarnation of the store. */
export const WHO = `
local time = redis.call('TIME')
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
return { tostring(time[1] * 1000 + math.floor(time[2] / 1000)), run or '', redis.call('HGET', ARGV[1] .. 'meta', 'epoch') or '' }
`;

/**
 * ARGV: prefix, another one, why. Gives all keys of the first the second, and leaves a store in which nothing starts, for that reason, and which is being copied into. Replies
 * with how many keys there were.
 */
export const SET_ASIDE = `
local keys = redis.call('KEYS', ARGV[1] .. '*')
for _, key in ipairs(keys) do redis.call('RENAME', key, ARGV[2] .. string.sub(key, #ARGV[1] + 1)) end
redis.call('HSET', ARGV[1] .. 'meta', 'restored', ARGV[3], 'migrating', '1')
return #keys
`;
