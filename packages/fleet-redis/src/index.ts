/** `@handfast/fleet-redis`: what the servers of a fleet share through Redis or Valkey. */
export { type Clock, systemClock } from './clock.ts';
export { type ConnectRedisOptions, connectRedis } from './connect.ts';
export { type RedisClient, RedisLink, type RedisLinkOptions, RedisUnavailable } from './link.ts';
export type { FleetOptions } from './options.ts';
export type { FleetProblem, ProblemListener } from './problems.ts';
export { RedisReplayGuard, type RedisReplayGuardOptions } from './replay-guard.ts';
export { RedisSessionStore, type RedisSessionStoreOptions } from './session-store.ts';
export { RedisTicketKeys, type RedisTicketKeysOptions } from './ticket-keys.ts';
