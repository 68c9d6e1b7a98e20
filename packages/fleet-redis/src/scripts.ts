/** The programs that Redis runs, each in one step that nothing comes between. Redis tells its time in seconds and microseconds. */
import { type RedisScript, redisScript } from './link.ts';

/**
 * Reads all ticket keys, and the time of Redis in milliseconds.
 * KEYS: the hash of keys. ARGV: how many entries at most. Answers `[time, entries]`, or `[time, number of entries]` when there are more.
 */
export const READ_KEYS: RedisScript = redisScript(`
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local count = redis.call('HLEN', KEYS[1])
if count > tonumber(ARGV[1]) then return {now, count} end
return {now, redis.call('HVALS', KEYS[1])}
`);

/**
 * Changes the ticket keys, but only while the lease is still held, and gives it back. Answers 1, or 0 when it was lost.
 * KEYS: lease, hash of keys. ARGV: token, when all of them may go (ms), number of names to remove, these, then name, entry, ...
 */
export const COMMIT_KEYS: RedisScript = redisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
local removed = tonumber(ARGV[3])
for i = 4, 3 + removed do redis.call('HDEL', KEYS[2], ARGV[i]) end
for i = 4 + removed, #ARGV - 1, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIREAT', KEYS[2], ARGV[2])
return 1
`);

/**
 * Records a ClientHello, once. Redis's memory has a beginning: its start, the last key that it evicted, or the first time that it was
 * asked. What may have come before that is refused, since its record may be lost; so is everything while clocks are apart.
 * Answers `new` or why not: `seen`, `before`, `clock`, `first`, `lost`, `unknown`. With one key it looks at the memory alone: `ready`.
 * KEYS: the beginning, the record. ARGV: time of the server, when the ClientHello may have come first, when it expires, how far
 * clocks may be apart: all in milliseconds.
 */
export const RECORD_HELLO: RedisScript = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local evicted = string.match(redis.call('INFO', 'stats'), 'evicted_keys:(%d+)')
if not run or not evicted then return 'unknown' end
local memory = run .. ' ' .. evicted
local known = redis.call('HMGET', KEYS[1], 'memory', 'since')
local since = tonumber(known[2] or '')
local skew = tonumber(ARGV[4])
if known[1] ~= memory or not since or since > now + skew then
  redis.call('HSET', KEYS[1], 'memory', memory, 'since', string.format('%.0f', now))
  if known[1] then return 'lost' end
  return 'first'
end
if #KEYS == 1 then return 'ready' end
if math.abs(tonumber(ARGV[1]) - now) > skew then return 'clock' end
if tonumber(ARGV[2]) - 2 * skew <= since then return 'before' end
local expiry = string.format('%.0f', tonumber(ARGV[3]) + 2 * skew)
if redis.call('SET', KEYS[2], '', 'NX', 'PXAT', expiry) then return 'new' end
return 'seen'
`);
