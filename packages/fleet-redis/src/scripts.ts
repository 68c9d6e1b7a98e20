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
