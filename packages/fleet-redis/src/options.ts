/** The options that all parts of a fleet share. */
import { ConfigError } from 'handfast';
import { RedisLink } from './link.ts';
import { requireNamespace } from './option-checks.ts';
import type { ProblemListener } from './problems.ts';

export interface FleetOptions {
  /** The way to Redis, of {@link connectRedis}. All parts of a server may share one. */
  readonly redis: RedisLink;
  /** Stands before every key in Redis: servers with the same one are a fleet. Default: `handfast`. */
  readonly namespace?: string;
  /** Is told what went wrong, each problem once. */
  readonly onProblem?: ProblemListener;
}

export const DEFAULT_NAMESPACE = 'handfast';

/** @throws {ConfigError} when an option cannot work. */
export function checkFleetOptions({ redis, namespace = DEFAULT_NAMESPACE }: FleetOptions): void {
  requireNamespace(namespace);
  if (redis instanceof RedisLink) return;
  throw new ConfigError('redis', 'redis: expected what connectRedis() answers, or a RedisLink');
}

/** A key in Redis. What stands in braces decides where a cluster of Redis keeps it: all of a fleet lies together. */
export function redisKey(namespace: string, ...parts: readonly string[]): string {
  return [`{${namespace}}`, ...parts].join(':');
}
