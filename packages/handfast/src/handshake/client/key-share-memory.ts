/** What clients remember of HelloRetryRequests: the group to send a key share for at once, next time. */
import { MAX_REMEMBERED_KEY_SHARES } from '../../policy/limits.ts';
import type { NamedGroup } from '../../wire/registry.ts';

/**
 * The groups that servers asked for, by the name they were reached under. It is a hint that saves a round trip: a server
 * that wants another group still says so. Only completed handshakes teach it, since anybody on the path can make a
 * HelloRetryRequest up. It keeps `MAX_REMEMBERED_KEY_SHARES` names, those that were used last.
 */
export class KeyShareMemory {
  readonly #groups = new Map<string, NamedGroup>();

  /** The group that this server asked for, if it is known. */
  recall(name: string): NamedGroup | undefined {
    const group = this.#groups.get(name);
    if (group !== undefined) this.learn(name, group);
    return group;
  }

  /** Notes the group that a server asked for. */
  learn(name: string, group: NamedGroup): void {
    this.#groups.delete(name);
    this.#groups.set(name, group);
    if (this.#groups.size <= MAX_REMEMBERED_KEY_SHARES) return;
    const [oldest = name] = this.#groups.keys();
    this.#groups.delete(oldest);
  }
}
