/** Somebody between two connections of TLS 1.2, who holds no keys and can do what he likes to their records. */
import { recordHeader } from '../../src/record/framing.ts';
import type { Role } from '../../src/trace/events.ts';
import { concat } from '../../src/wire/bytes.ts';
import { HANDSHAKE_HEADER_LENGTH } from '../../src/wire/messages/index.ts';
import { ContentType } from '../../src/wire/registry.ts';
import { nameOf } from './bare.ts';
import { other, type PairOptions } from './pair.ts';

const RECORD_HEADER_LENGTH = 5;

/** One record with one message, or a part of protected data. */
export interface Unit {
  /** The message's name, `ChangeCipherSpec`, or `data` for what is protected after Finished. */
  readonly name: string;
  readonly type: number;
  readonly fragment: Uint8Array;
}

/** A record as it stands on the wire. */
export function wireRecord(type: number, fragment: Uint8Array, version = 0x0303): Uint8Array {
  return concat(recordHeader(type, version, fragment.length), fragment);
}

export const wireUnit = ({ type, fragment }: Unit): Uint8Array => wireRecord(type, fragment);

/** Reads what one side sends. */
class UnitReader {
  #isProtected = false;
  #hasFinished = false;

  /** Whole records, as a side hands over a flight, in one record for each handshake message that is in plaintext. */
  read(bytes: Uint8Array): Unit[] {
    const units: Unit[] = [];
    for (let at = 0; at < bytes.length; ) {
      const type = bytes[at] as number;
      const length = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number);
      const fragment = bytes.slice(at + RECORD_HEADER_LENGTH, at + RECORD_HEADER_LENGTH + length);
      units.push(...this.#unitsOf(type, fragment));
      at += RECORD_HEADER_LENGTH + length;
    }
    return units;
  }

  #unitsOf(type: number, fragment: Uint8Array): Unit[] {
    if (type === ContentType.change_cipher_spec) {
      this.#isProtected = true;
      return [{ name: 'ChangeCipherSpec', type, fragment }];
    }
    if (this.#isProtected || type !== ContentType.handshake) {
      const isFinished = type === ContentType.handshake && !this.#hasFinished;
      this.#hasFinished ||= isFinished;
      return [{ name: isFinished ? 'Finished' : 'data', type, fragment }];
    }
    const units: Unit[] = [];
    for (let at = 0; at < fragment.length; ) {
      const [, high = 0, middle = 0, low = 0] = fragment.subarray(at);
      const end = at + HANDSHAKE_HEADER_LENGTH + ((high << 16) | (middle << 8) | low);
      const message = fragment.slice(at, end);
      units.push({ name: nameOf(message), type, fragment: message });
      at = end;
    }
    return units;
  }
}

/**
 * What stands between a pair: `change` answers what arrives at `receiver` in place of each unit; `index` counts them. What
 * the receiver sends arrives as it is.
 */
export function relay(
  receiver: Role,
  change: (unit: Unit, index: number) => readonly Uint8Array[],
): NonNullable<PairOptions['cut']> {
  const reader = new UnitReader();
  let index = 0;
  return (bytes, sender) => {
    if (other(sender) !== receiver) return [bytes];
    return reader.read(bytes).flatMap((unit) => change(unit, index++));
  };
}
