/** One server process of the fleet. It greets, tells the parent what came early, and ends with its parent. */
import { connectRedis, RedisReplayGuard, RedisSessionStore, RedisTicketKeys } from '@handfast/fleet-redis';
import { MemoryReplayGuard } from 'handfast';
import { createServer } from 'handfast/node';
import { CLOCK_SKEW, EARLY_WINDOW, type Message, type Settings } from './settings.ts';

function tell(message: Message): void {
  process.send?.(message);
}

async function serve(settings: Settings): Promise<void> {
  const { cert, key, redisUrl: url, namespace, rotateAfter } = settings;
  const onProblem = ({ part, message }: { part: string; message: string }): void =>
    tell({ type: 'problem', text: `${part}: ${message}` });
  const keyEncryptionKeys = [Buffer.from(settings.keyEncryptionKey, 'base64')];
  // A machine that runs much besides is slow to answer.
  const redis = connectRedis({ url, onProblem, timeout: 500 });
  const shared = { redis, namespace, onProblem };
  const keys = new RedisTicketKeys({ ...shared, keyEncryptionKeys, rotateAfter, lifetime: 60_000 });
  const store = new RedisSessionStore({ ...shared, keyEncryptionKeys });
  const guard =
    settings.guard === 'shared'
      ? new RedisReplayGuard({ ...shared, window: 2 * EARLY_WINDOW, maxClockSkew: CLOCK_SKEW })
      : new MemoryReplayGuard({ startedAt: Date.now() - 60_000 });
  const isShared = await keys.ready(5_000);
  const server = createServer(
    {
      cert,
      key,
      tickets: { keys, count: 1, ...(settings.keep === 'store' && { store }) },
      earlyData: { maxSize: 1_000, guard, window: EARLY_WINDOW },
    },
    (socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      socket.end('hello');
    },
  );
  server.on('earlyData', (data: Uint8Array) => tell({ type: 'early', text: Buffer.from(data).toString() }));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { readonly port: number };
    tell({ type: 'listening', port, shared: isShared });
  });
}

process.on('disconnect', () => process.exit(0));
process.once('message', (settings: Settings) => void serve(settings));
