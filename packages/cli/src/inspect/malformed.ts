/** Structures that the command reads itself: what is wrong with them is told as the library tells it of its own. */
import { DerError } from 'handfast/x509';

/** A structure whose bytes are not what they should be. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/**
 * Reads a structure.
 * @throws {Malformed} when its bytes are not what they should be: which, and the byte at fault.
 */
export function malformed<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new Malformed(`${what} is malformed at byte ${cause.offset}: ${cause.message}`, { cause });
  }
}
