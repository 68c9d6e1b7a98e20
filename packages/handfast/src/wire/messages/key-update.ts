/** KeyUpdate (RFC 9846 section 4.7.3). */
import { checked, type Infer, struct, uint } from '../codec.ts';

/** `KeyUpdateRequest`. */
export const KeyUpdateRequest = { update_not_requested: 0, update_requested: 1 } as const;

const name = (value: number): string => Object.keys(KeyUpdateRequest)[value] ?? String(value);

export const keyUpdate = struct({
  requestUpdate: checked(
    uint(1, name),
    (value) => (value <= 1 ? undefined : `expected 0 or 1, found ${value}`),
    (random) => random.below(2),
  ),
});

export type KeyUpdate = Infer<typeof keyUpdate>;
