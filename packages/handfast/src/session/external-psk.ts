/** Pre-shared keys from outside of TLS, and how they are imported into TLS 1.3 (RFC 9258). */
import { type CryptoProvider, HASH_LENGTH } from '../crypto/provider.ts';
import { Hkdf } from '../keys/hkdf.ts';
import { concat, EMPTY, printable, toHex } from '../wire/bytes.ts';
import { decode, encode, type Infer, opaque, struct, uint16 } from '../wire/codec.ts';
import { ConfigError } from '../wire/errors.ts';
import { ProtocolVersion } from '../wire/registry.ts';
import { MAX_PSK_IDENTITY_LENGTH, MIN_PSK_LENGTH } from './limits.ts';

/** The hash functions of TLS 1.3's cipher suites. */
export type PskHash = 'SHA-256' | 'SHA-384';

/** A secret that both sides were given otherwise. It must come from a random generator: a password can be guessed offline. */
export interface ExternalPsk {
  /** What the client calls it, in the clear. */
  readonly identity: Uint8Array;
  /** At least 16 bytes. */
  readonly key: Uint8Array;
  /** The one hash function that it is used with (RFC 9846 section 4.3.11). Default: SHA-256. */
  readonly hash?: PskHash;
  /**
   * With it, even if it is empty, the key is imported (RFC 9258): it serves suites of every hash function, in TLS 1.3 alone.
   * It is sent in the clear, and binds the key to what both sides know: who they are, or how they came by it.
   */
  readonly context?: Uint8Array;
}

/** An external PSK that is to be imported. */
export type ImportablePsk = ExternalPsk & { readonly context: Uint8Array };

/** A PSK as the key schedule of TLS 1.3 takes it. */
export interface TlsPsk {
  /** `PskIdentity.identity`. */
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
  /** Only cipher suites with this hash function may use it. */
  readonly hash: PskHash;
  /** Whether its binder key is derived with the label "imp binder", in place of "ext binder" (RFC 9258 section 5.2). */
  readonly imported: boolean;
}

/** TLS KDF Identifiers (RFC 9258 section 10). */
const TARGET_KDF: Readonly<Record<PskHash, number>> = { 'SHA-256': 0x0001, 'SHA-384': 0x0002 };
const PSK_HASHES = Object.keys(TARGET_KDF) as readonly PskHash[];

const importedIdentity = struct({
  externalIdentity: opaque(1, 0xffff),
  context: opaque(0, 0xffff),
  targetProtocol: uint16,
  targetKdf: uint16,
});

/** `ImportedIdentity`: the identity of an imported PSK, as it is sent. */
export type ImportedIdentity = Infer<typeof importedIdentity>;

/** What a client's identity says, if it can be that of an imported PSK: a server then imports the key that it names. */
export function readImportedIdentity(identity: Uint8Array): ImportedIdentity | undefined {
  try {
    return decode(importedIdentity, 'ImportedIdentity', identity);
  } catch {
    return undefined;
  }
}

/** TLS 1.3 is the only target: keys must not be imported for TLS 1.2 (RFC 9258 section 5.1). */
function identityFor({ identity, context }: ImportablePsk, target: PskHash): Uint8Array {
  return encode(importedIdentity, {
    externalIdentity: identity,
    context,
    targetProtocol: ProtocolVersion['TLSv1.3'],
    targetKdf: TARGET_KDF[target],
  });
}

/**
 * Imports an external PSK into TLS 1.3 (RFC 9258 section 5.1).
 * @param target the hash function of the cipher suites that it shall serve.
 */
export function importPsk(provider: CryptoProvider, psk: ImportablePsk, target: PskHash): TlsPsk {
  const identity = identityFor(psk, target);
  // The key's own hash function, whatever the target's is.
  const hkdf = new Hkdf(provider, psk.hash ?? 'SHA-256');
  const epskx = hkdf.extract(EMPTY, psk.key);
  const key = hkdf.expandLabel(epskx, 'derived psk', hkdf.digest(identity), HASH_LENGTH[target]);
  return { identity, key, hash: target, imported: true };
}

function isImportable(psk: ExternalPsk): psk is ImportablePsk {
  return psk.context !== undefined;
}

/**
 * What an external PSK stands for in TLS 1.3: itself, or where it is imported one PSK for each target.
 * @param targets the hash functions of the cipher suites that are offered. Default: both.
 */
export function tlsPsks(
  provider: CryptoProvider,
  psk: ExternalPsk,
  targets: readonly PskHash[] = PSK_HASHES,
): readonly TlsPsk[] {
  if (isImportable(psk)) return targets.map((target) => importPsk(provider, psk, target));
  const { identity, key, hash = 'SHA-256' } = psk;
  return targets.includes(hash) ? [{ identity, key, hash, imported: false }] : [];
}

/**
 * Checks a caller's external PSKs, and copies them.
 * @throws {ConfigError} when an identity is empty or too long, a key is too short, two share an identity, or a key is used in
 * two ways: with two hash functions, or imported and not (RFC 9258 section 4).
 */
export function checkExternalPsks(psks: readonly ExternalPsk[], option = 'psks'): readonly ExternalPsk[] {
  if (!Array.isArray(psks)) {
    throw new ConfigError(option, `${option}: expected a list, found ${typeof psks}`);
  }
  const names = new Map<string, string>();
  const uses = new Map<string, { readonly name: string; readonly use: string }>();
  return psks.map((given: ExternalPsk, index) => {
    const name = `${option}[${index}]`;
    const refuse = (text: string): ConfigError => new ConfigError(option, `${name}: ${text}`);
    const psk = checkedCopy(given, refuse);
    for (const identity of identitiesOf(psk)) {
      if (identity.length > MAX_PSK_IDENTITY_LENGTH) {
        throw refuse(
          `expected an identity, with its context, of at most ${MAX_PSK_IDENTITY_LENGTH} bytes as it is sent, found ${identity.length}`,
        );
      }
      const twin = names.get(toHex(identity));
      if (twin !== undefined) {
        throw refuse(`the identity '${printable(psk.identity.subarray(0, 64))}' is that of ${twin} already`);
      }
      names.set(toHex(identity), name);
    }
    const use = `${psk.context === undefined ? 'not imported' : 'imported'}, with ${psk.hash}`;
    const other = uses.get(toHex(psk.key));
    if (other !== undefined && other.use !== use) {
      throw refuse(`its key is that of ${other.name}, used in another way: ${use}; there ${other.use}`);
    }
    uses.set(toHex(psk.key), { name, use });
    return psk;
  });
}

/** Every identity that it is sent under. */
function identitiesOf(psk: ExternalPsk): readonly Uint8Array[] {
  return isImportable(psk) ? PSK_HASHES.map((target) => identityFor(psk, target)) : [psk.identity];
}

function checkedCopy(
  { identity, key, hash = 'SHA-256', context }: ExternalPsk,
  refuse: (text: string) => ConfigError,
): ExternalPsk {
  requireBytes('identity', identity, 1, refuse);
  requireBytes('context', context ?? EMPTY, 0, refuse);
  requireBytes('key', key, MIN_PSK_LENGTH, refuse, '; shorter ones can be guessed (RFC 9257 section 6)');
  if (!PSK_HASHES.includes(hash)) {
    throw refuse(`expected the hash ${PSK_HASHES.join(' or ')}, found ${String(hash)}`);
  }
  return {
    identity: concat(identity),
    key: concat(key),
    hash,
    ...(context === undefined ? {} : { context: concat(context) }),
  };
}

const MAX_LENGTH = 0xffff;

function requireBytes(
  what: string,
  bytes: Uint8Array,
  min: number,
  refuse: (text: string) => ConfigError,
  reason = '',
): void {
  if (bytes instanceof Uint8Array && bytes.length >= min && bytes.length <= MAX_LENGTH) return;
  const found = bytes instanceof Uint8Array ? `${bytes.length}` : typeof bytes;
  throw refuse(`expected the ${what} as ${min} to ${MAX_LENGTH} bytes, found ${found}${reason}`);
}
