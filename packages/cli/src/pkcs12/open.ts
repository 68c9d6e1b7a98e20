/** Opens a PKCS #12 store: which password fits, whether anything was changed, and what every part holds. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DerError, DerReader } from 'handfast/x509';
import { structureOf } from '../inspect/structure.ts';
import type { Encryption } from './algorithms.ts';
import { type Bag, BagReader, readEncryptedKey } from './bags.ts';
import { type Container, type Mac, type Part, readContainer } from './container.ts';
import { cannotDecrypt, decrypt } from './decrypt.ts';
import { HASHES, Pkcs12Use, passwordBytes, pbkdf2Key, pkcs12Key, TooMuchWork, Work } from './kdf.ts';

/** A password that is tried. */
export interface Candidate {
  readonly origin: 'given' | 'empty' | 'none';
  /** `undefined`: none at all, which old programs tell from an empty one. */
  readonly password: string | undefined;
}

/** Those that are tried: the one that is given, and what stands for no password. */
function candidates(given: string | undefined): readonly Candidate[] {
  const absent: readonly Candidate[] = [
    { origin: 'empty', password: '' },
    { origin: 'none', password: undefined },
  ];
  if (given === undefined || given === '') return absent;
  return [{ origin: 'given', password: given }, ...absent];
}

/** What the MAC says. */
export type Integrity =
  | { readonly verdict: 'good' | 'none' }
  /** The password opens the contents, but they are not what the MAC was made of. */
  | { readonly verdict: 'damaged' }
  /** Nothing fits: the password is wrong, or all is damaged. */
  | { readonly verdict: 'wrong password' }
  | { readonly verdict: 'not checked'; readonly reason: string };

/** A part, and its entries where it could be opened. */
export interface OpenedPart {
  readonly part: Part;
  readonly bags: readonly Bag[];
  /** Why there are none. */
  readonly problem?: string;
}

/** A store, opened as far as it could be. */
export interface OpenedStore {
  readonly container: Container;
  readonly integrity: Integrity;
  /** The password that fits; `undefined` when none did, or none is needed. */
  readonly fitting: Candidate | undefined;
  readonly parts: readonly OpenedPart[];
  /** Opens an encrypted key of this store. */
  readonly openKey: (encryption: Encryption, ciphertext: Uint8Array) => OpenedKey;
}

/** A PrivateKeyInfo, or why there is none. */
export type OpenedKey = { readonly der: Buffer } | { readonly problem: string };

function macKey(work: Work, { derivation, hash }: Mac, password: string | undefined): Buffer | undefined {
  if (hash === undefined) return undefined;
  const { output } = HASHES[hash];
  if (derivation?.kind === 'pkcs12') return pkcs12Key(work, derivation, password, Pkcs12Use.mac, output);
  if (derivation?.kind !== 'pbkdf2') return undefined;
  // RFC 9579 wants the length written; where it is not, there is but one that makes sense.
  return pbkdf2Key(work, derivation, password, derivation.keyLength ?? output);
}

function macFits(work: Work, mac: Mac, content: Uint8Array, password: string | undefined): boolean {
  const key = macKey(work, mac, password);
  if (key === undefined || mac.hash === undefined) return false;
  const digest = createHmac(mac.hash, key).update(content).digest();
  return digest.length === mac.digest.length && timingSafeEqual(digest, mac.digest);
}

/** Why a MAC cannot be checked. */
function cannotCheck({ name, hash, derivation }: Mac): string | undefined {
  if (hash === undefined) return `handfast does not know its algorithm (${name})`;
  return derivation === undefined || derivation.kind === 'scrypt'
    ? 'handfast does not know its key derivation'
    : undefined;
}

/** Two passwords may be the same bytes to what is encrypted as PKCS #5 wants it. */
function isTried(encryption: Encryption, candidate: Candidate, before: readonly Candidate[]): boolean {
  if (encryption.derivation?.kind === 'pkcs12') return false;
  const { utf8 } = passwordBytes(candidate.password);
  return before.some(({ password }) => passwordBytes(password).utf8.equals(utf8));
}

class Opener {
  readonly #container: Container;
  readonly #work = new Work();
  readonly #bags = new BagReader();

  constructor(container: Container) {
    this.#container = container;
  }

  open(given: string | undefined): OpenedStore {
    const { integrity, fitting } = this.#judge(candidates(given));
    return {
      container: this.#container,
      integrity,
      fitting,
      parts: this.#container.parts.map((part) => this.#openPart(part, fitting)),
      openKey: (encryption, ciphertext) => this.#openKey(encryption, ciphertext, fitting),
    };
  }

  #judge(all: readonly Candidate[]): Pick<OpenedStore, 'integrity' | 'fitting'> {
    try {
      const { mac, content } = this.#container;
      const unchecked = mac && cannotCheck(mac);
      if (mac !== undefined && content !== undefined && unchecked === undefined) {
        const fitting = all.find(({ password }) => macFits(this.#work, mac, content, password));
        if (fitting !== undefined) return { integrity: { verdict: 'good' }, fitting };
        const opening = this.#whichOpens(all);
        return { integrity: { verdict: opening ? 'damaged' : 'wrong password' }, fitting: opening };
      }
      const fitting = this.#whichOpens(all);
      if (unchecked === undefined) return { integrity: { verdict: 'none' }, fitting };
      return { integrity: { verdict: 'not checked', reason: unchecked }, fitting };
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      return { integrity: { verdict: 'not checked', reason: error.message }, fitting: undefined };
    }
  }

  /** The password that opens anything: more than one piece may be damaged. */
  #whichOpens(all: readonly Candidate[]): Candidate | undefined {
    const locked = this.#container.parts.flatMap((part) => this.#locked(part));
    return all.find((candidate, i) =>
      locked.some(
        ({ encryption, opens }) =>
          !isTried(encryption, candidate, all.slice(0, i)) && opens(candidate.password),
      ),
    );
  }

  /** What is encrypted in a part, or is the part. */
  #locked(
    part: Part,
  ): readonly { encryption: Encryption; opens: (password: string | undefined) => boolean }[] {
    if (part.kind === 'other') return [];
    if (part.kind === 'encrypted') {
      const { encryption, ciphertext } = part;
      const opens = (password: string | undefined): boolean =>
        this.#decryptBags(encryption, ciphertext, password) !== undefined;
      return [{ encryption, opens }];
    }
    return readable(() => new BagReader().read(part.content)).flatMap((bag) => {
      if (bag.kind !== 'encrypted key') return [];
      const { encryption, ciphertext } = bag;
      const opens = (password: string | undefined): boolean =>
        decryptKey(this.#work, encryption, ciphertext, password) !== undefined;
      return [{ encryption, opens }];
    });
  }

  #decryptBags(
    encryption: Encryption,
    ciphertext: Uint8Array,
    password: string | undefined,
    reader = new BagReader(),
  ): Bag[] | undefined {
    const content = decrypt(this.#work, encryption, ciphertext, password);
    if (content === undefined) return undefined;
    try {
      return reader.read(content);
    } catch (error) {
      if (error instanceof DerError) return undefined;
      throw error;
    }
  }

  #openPart(part: Part, fitting: Candidate | undefined): OpenedPart {
    const refuse = (problem: string): OpenedPart => ({ part, bags: [], problem });
    try {
      if (part.kind === 'other') return refuse('handfast does not open parts of this kind');
      if (part.kind === 'plain') return { part, bags: this.#bags.read(part.content) };
      const { encryption, ciphertext } = part;
      const never = cannotDecrypt(encryption);
      if (never !== undefined) return refuse(never);
      if (fitting === undefined) return refuse(NO_PASSWORD);
      const bags = this.#decryptBags(encryption, ciphertext, fitting.password, this.#bags);
      return bags === undefined ? refuse(DOES_NOT_OPEN) : { part, bags };
    } catch (error) {
      if (error instanceof TooMuchWork) return refuse(error.message);
      if (error instanceof DerError) return refuse(`what it holds is malformed: ${error.message}`);
      throw error;
    }
  }

  #openKey(encryption: Encryption, ciphertext: Uint8Array, fitting: Candidate | undefined): OpenedKey {
    const never = cannotDecrypt(encryption);
    if (never !== undefined) return { problem: never };
    if (fitting === undefined) return { problem: NO_PASSWORD };
    try {
      const der = decryptKey(this.#work, encryption, ciphertext, fitting.password);
      return der === undefined ? { problem: DOES_NOT_OPEN } : { der };
    } catch (error) {
      if (error instanceof TooMuchWork) return { problem: error.message };
      throw error;
    }
  }
}

/** The problem of what only waits for the right password. */
export const NO_PASSWORD = 'not opened: the password is missing or wrong';

const DOES_NOT_OPEN =
  'it does not open with the password that fits elsewhere: it is damaged, or has a password of its own';

/** What is malformed has no entries here; it is told where it is described. */
function readable(read: () => Bag[]): Bag[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}

/** What a password makes of an encrypted key, if it is a key. */
function decryptKey(
  work: Work,
  encryption: Encryption,
  ciphertext: Uint8Array,
  password: string | undefined,
): Buffer | undefined {
  const plain = decrypt(work, encryption, ciphertext, password);
  if (plain === undefined || structureOf(plain) === 'private key') return plain;
  plain.fill(0);
  return undefined;
}

/**
 * Opens a store.
 * @param password as it was given; empty and missing ones are tried anyway.
 * @throws {DerError} when its frame is malformed.
 */
export function openStore(input: Uint8Array, password: string | undefined): OpenedStore {
  return new Opener(readContainer(input)).open(password);
}

/** An encrypted private key that stands alone. */
export interface OpenedLoneKey {
  readonly encryption: Encryption;
  readonly key: OpenedKey;
}

/**
 * Opens an EncryptedPrivateKeyInfo.
 * @throws {DerError} when it is malformed.
 */
export function openEncryptedKey(input: Uint8Array, password: string | undefined): OpenedLoneKey {
  const reader = new DerReader(input);
  const { encryption, ciphertext } = readEncryptedKey(reader);
  const never = cannotDecrypt(encryption);
  if (never !== undefined) return { encryption, key: { problem: never } };
  const work = new Work();
  try {
    const all = candidates(password);
    for (const [i, candidate] of all.entries()) {
      if (isTried(encryption, candidate, all.slice(0, i))) continue;
      const der = decryptKey(work, encryption, ciphertext, candidate.password);
      if (der !== undefined) return { encryption, key: { der } };
    }
    return { encryption, key: { problem: NO_PASSWORD } };
  } catch (error) {
    if (!(error instanceof TooMuchWork)) throw error;
    return { encryption, key: { problem: error.message } };
  }
}
