/** A connection to Redis with settings that suit handshakes. */
import { createClient } from '@redis/client';
import { ConfigError } from 'handfast';
import { MAX_WAITING_COMMANDS } from './limits.ts';
import { RedisLink, type RedisLinkOptions } from './link.ts';
import { type ProblemListener, ProblemReport } from './problems.ts';

export interface ConnectRedisOptions extends Omit<RedisLinkOptions, 'client' | 'onClose'> {
  /** Such as `redis://user:password@host:6379/0`, or `rediss:` for TLS. */
  readonly url: string;
  readonly onProblem?: ProblemListener;
}

const CONNECT_TIMEOUT = 2_000;
/** How often an idle connection is tried, so that one that died without a word is noticed. */
const PING_INTERVAL = 5_000;
const LONGEST_RETRY = 2_000;

/**
 * Connects to Redis or Valkey, and again whenever the connection is lost. It answers at once: there is no need to wait, and no
 * error when Redis is not there yet. Until {@link RedisLink.close}, the connection keeps the process alive.
 * @throws {ConfigError} when an option cannot work.
 */
export function connectRedis({ url, onProblem, ...options }: ConnectRedisOptions): RedisLink {
  const problems = new ProblemReport('redis', onProblem);
  const client = clientOf(url);
  client.on('error', (cause) => {
    problems.tell('gone', 'Redis cannot be reached; handshakes go on without it', cause);
  });
  client.on('ready', () => problems.over('gone'));
  const link = new RedisLink({ ...options, client, onClose: () => client.destroy() });
  client.connect().catch((cause: unknown) => {
    problems.tell('gone', 'Redis cannot be reached; handshakes go on without it', cause);
  });
  return link;
}

function clientOf(url: string): ReturnType<typeof createClient> {
  try {
    return createClient({
      url,
      disableOfflineQueue: true,
      commandsQueueMaxLength: MAX_WAITING_COMMANDS,
      pingInterval: PING_INTERVAL,
      maintNotifications: 'disabled',
      socket: {
        connectTimeout: CONNECT_TIMEOUT,
        reconnectStrategy: (retries) =>
          Math.min(50 * 2 ** Math.min(retries, 10), LONGEST_RETRY) * (0.5 + Math.random() / 2),
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    // The URL itself may hold a password.
    throw new ConfigError('url', `url: expected redis://HOST:PORT or rediss://HOST:PORT; ${reason}`, {
      cause,
    });
  }
}
