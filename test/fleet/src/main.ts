/**
 * Three server processes that share sessions through a real Redis: second connections resume wherever they go, through
 * rotations and restarts; and early data that was recorded and is played again counts once at most. Prints what was seen;
 * exits with 1 when something was not as it should be, or, in CI, when there is no redis-server.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PKI, play, recordFlight, visit } from './client.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { isRedisInstalled, RedisServer } from './redis.ts';
import { CLOCK_SKEW, type Settings, WARM_UP } from './settings.ts';

const SERVERS = 3;
const ROTATE_AFTER = 3_000;

const outcomes: boolean[] = [];

function check(holds: boolean, sentence: string): void {
  outcomes.push(holds);
  console.log(`${holds ? '✔' : '✘'} ${sentence}`);
}

async function withFleet(
  options: Partial<Settings>,
  task: (fleet: Fleet, redis: RedisServer) => Promise<void>,
): Promise<void> {
  const redis = new RedisServer();
  let fleet: Fleet | undefined;
  try {
    await redis.start();
    fleet = await startFleet(SERVERS, {
      cert: PKI.serverChainPem,
      key: PKI.server.keyPem,
      redisUrl: redis.url,
      namespace: 'suite',
      keyEncryptionKey: randomBytes(32).toString('base64'),
      rotateAfter: ROTATE_AFTER,
      guard: 'shared',
      keep: 'tickets',
      ...options,
    });
    check(fleet.shared, `${SERVERS} processes began with a shared ticket key`);
    await task(fleet, redis);
  } finally {
    fleet?.stop();
    await redis.close();
  }
}

/** Goes round the servers until the time is over: each connection goes on with the session of the one before, at another server. */
class Tour {
  readonly keyNames = new Set<string>();
  handshakes = 0;
  resumed = 0;
  readonly failures: string[] = [];
  #session: Buffer | undefined;
  #turn = 0;

  async go(fleet: Fleet, milliseconds: number): Promise<void> {
    const end = Date.now() + milliseconds;
    while (Date.now() < end) {
      const port = fleet.ports[this.#turn++ % SERVERS] ?? 0;
      const isFirst = this.#session === undefined;
      try {
        const { reused, session, keyName } = await visit(port, this.#session);
        this.#session = session;
        this.keyNames.add(keyName);
        this.handshakes++;
        if (reused) this.resumed++;
        else if (!isFirst) this.failures.push('a full handshake');
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }

  tell(what: string): void {
    const { handshakes, resumed, failures } = this;
    const figures = `${handshakes} handshakes, ${resumed} resumed, ${failures.length} not`;
    check(
      failures.length === 0 && resumed === handshakes - 1 && resumed > SERVERS,
      `${what}: ${figures} ${[...new Set(failures)].join('; ')}`,
    );
  }
}

async function resumption(): Promise<void> {
  console.log('\nTickets, through rotations of keys and restarts of Redis');
  await withFleet({}, async (fleet, redis) => {
    const tour = new Tour();
    await tour.go(fleet, 3 * ROTATE_AFTER);
    tour.tell('Redis is there');
    const rotated = tour.keyNames.size;
    check(rotated >= 3, `${rotated} ticket keys sealed`);
    await redis.kill();
    await tour.go(fleet, ROTATE_AFTER / 2);
    tour.tell('and after it was killed');
    await redis.start();
    await tour.go(fleet, 2 * ROTATE_AFTER);
    tour.tell('and after it came back without memory');
    check(tour.keyNames.size > rotated, `${tour.keyNames.size} ticket keys sealed`);
  });
  console.log('\nSessions in Redis');
  await withFleet({ keep: 'store' }, async (fleet, redis) => {
    const tour = new Tour();
    await tour.go(fleet, 2_000);
    tour.tell('Redis is there');
    await redis.kill();
    const without = await visit(fleet.ports[0] ?? 0);
    check(!without.reused, 'without Redis handshakes are full ones, and none fails');
  });
}

/**
 * Plays a flight to all servers, again and again, until the disturbance is over and so many rounds after it.
 * @returns how often its early data was taken.
 */
async function attack(fleet: Fleet, rounds: number, disturb?: () => Promise<void>): Promise<number> {
  const { session } = await visit(fleet.ports[0] ?? 0);
  if (session === undefined) throw new Error('there was no ticket');
  const text = randomBytes(8).toString('hex');
  const flight = await recordFlight(session, text);
  let isDisturbed = disturb !== undefined;
  const disturbance = disturb?.().finally(() => {
    isDisturbed = false;
  });
  for (let left = rounds; left > 0; ) {
    const plays = fleet.ports.flatMap((port) => [play(port, flight), play(port, flight)]);
    await Promise.allSettled(plays);
    if (!isDisturbed) left--;
  }
  await disturbance;
  await delay(100);
  return fleet.early.filter((early) => early === text).length;
}

/** At most once each; a busy machine may answer too late for one or the other to be taken at all. */
function checkOnce(taken: readonly number[], least: number, what: string): void {
  const once = taken.filter((times) => times === 1).length;
  check(taken.every((times) => times <= 1) && once >= least, `${what}: taken ${taken.join(', ')} times`);
}

async function replays(): Promise<void> {
  console.log('\nEarly data that is played again');
  await withFleet({ guard: 'own' }, async (fleet) => {
    const taken = await attack(fleet, 5);
    check(taken === SERVERS, `each process with a guard of its own: taken ${taken} times, as must be seen`);
  });
  await withFleet({}, async (fleet, redis) => {
    check((await attack(fleet, 5)) === 0, 'right after Redis began: taken 0 times');
    await delay(WARM_UP + CLOCK_SKEW);
    const rounds = 10;
    const taken: number[] = [];
    for (let i = 0; i < 10; i++) taken.push(await attack(fleet, rounds));
    checkOnce(taken, 8, `${taken.length} flights, each played ${2 * SERVERS * rounds} times`);
    for (const memory of ['nothing', 'what it had saved'] as const) {
      const through: number[] = [];
      for (let i = 0; i < 3; i++) {
        await redis.save();
        through.push(
          await attack(fleet, rounds, async () => {
            await delay(20 + 40 * i);
            await redis.kill();
            if (memory === 'nothing') redis.forget();
            await redis.start();
          }),
        );
        await delay(WARM_UP + CLOCK_SKEW);
      }
      checkOnce(through, 1, `Redis killed in the middle, back with ${memory}`);
    }
    check((await attack(fleet, 5)) === 1, 'after all that: taken once');
  });
}

const hasRedis = isRedisInstalled();
if (hasRedis) {
  await resumption();
  await replays();
} else {
  console.log('not run: redis-server is not installed (see install-redis.sh)');
}
const passed = outcomes.filter(Boolean).length;
const failed = outcomes.length - passed + (!hasRedis && process.env['CI'] === 'true' ? 1 : 0);
const skipped = !hasRedis && failed === 0 ? 1 : 0;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
const tally = process.env['HANDFAST_TALLY'];
if (tally) appendFileSync(tally, `fleet ${passed} ${failed} ${skipped}\n`);
process.exitCode = failed > 0 ? 1 : 0;
