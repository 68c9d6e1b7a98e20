/** Ways to cheat with messages of one's own, and what an honest side must make of them. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import type { SigningKey } from '../../src/crypto/provider.ts';
import { signedContent } from '../../src/handshake/authentication13.ts';
import type { Identity } from '../../src/handshake/identity.ts';
import type { Customization, MessageName, Messages } from '../../src/handshake/messages.ts';
import type { Role } from '../../src/trace/events.ts';
import type { AlertName } from '../../src/wire/alerts.ts';
import { concat } from '../../src/wire/bytes.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { HandshakeType, type SignatureScheme } from '../../src/wire/registry.ts';
import { withKey } from './identities.ts';
import { other, Pair, type PairOptions, text } from './pair.ts';

/** What an honest side must say to a cheat. */
export type Refusal = readonly [code: TlsErrorCode, alert: AlertName];

export const ILLEGAL: Refusal = ['ERR_ILLEGAL_PARAMETER', 'illegal_parameter'];
export const DECODE: Refusal = ['ERR_DECODE', 'decode_error'];
export const UNSUPPORTED: Refusal = ['ERR_UNSUPPORTED_EXTENSION', 'unsupported_extension'];
export const MISSING: Refusal = ['ERR_MISSING_EXTENSION', 'missing_extension'];
export const UNEXPECTED: Refusal = ['ERR_UNEXPECTED_MESSAGE', 'unexpected_message'];
export const BAD_SIGNATURE: Refusal = ['ERR_BAD_SIGNATURE', 'decrypt_error'];
export const BAD_FINISHED: Refusal = ['ERR_BAD_FINISHED', 'decrypt_error'];
export const BAD_KEY_SHARE: Refusal = ['ERR_BAD_KEY_SHARE', 'illegal_parameter'];

export const EARLY_DATA: Refusal = ['ERR_UNEXPECTED_APPLICATION_DATA', 'unexpected_message'];
export const BAD_MAC: Refusal = ['ERR_BAD_RECORD_MAC', 'bad_record_mac'];
export const EXCESS: Refusal = ['ERR_EXCESS_HANDSHAKE_DATA', 'unexpected_message'];
export const INTERLEAVED: Refusal = ['ERR_INTERLEAVED_HANDSHAKE', 'unexpected_message'];
export const CHANGE_CIPHER_SPEC: Refusal = ['ERR_UNEXPECTED_CHANGE_CIPHER_SPEC', 'unexpected_message'];

/** A handshake message with a body of a few bytes. */
export const shortMessage = (type: number, ...body: readonly number[]): Uint8Array =>
  Uint8Array.of(type, 0, 0, body.length, ...body);

export const KEY_UPDATE: Uint8Array = shortMessage(HandshakeType.key_update, 0);
/** A message that has only begun. */
export const FRAGMENT: Uint8Array = KEY_UPDATE.slice(0, 2);

/** The hash of a SHA-256 transcript ends what is signed. */
const HASH_LENGTH = 32;
const transcriptHash = (content: Uint8Array): Uint8Array => content.slice(-HASH_LENGTH);

type Sign = SigningKey['sign'];

/** Signatures that are wrong, each made from the right way to sign (P-256, with a SHA-256 suite). */
export function wrongSignatures(role: Role): Readonly<Record<string, (sign: Sign, key: KeyObject) => Sign>> {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const overContent =
    (change: (content: Uint8Array) => Uint8Array) =>
    (right: Sign): Sign =>
    (scheme, content) =>
      right(scheme, change(content));
  const changed =
    (change: (signature: Uint8Array) => Uint8Array) =>
    (right: Sign): Sign =>
    (scheme, content) =>
      change(right(scheme, content) as Uint8Array);
  return {
    'by another key': () => (_scheme, content) => new Uint8Array(sign('sha256', content, stranger)),
    'over another transcript': overContent((content) =>
      content.map((byte, i) => (i === content.length - 1 ? byte ^ 1 : byte)),
    ),
    "with the other side's context string": overContent((content) =>
      signedContent(other(role), transcriptHash(content)),
    ),
    'without the context string': overContent(transcriptHash),
    'without the spaces': overContent((content) => content.slice(64)),
    'with a space less': overContent((content) => content.slice(1)),
    'with another hash': (_right, key) => (_scheme, content) => new Uint8Array(sign('sha384', content, key)),
    'in the fixed-length form of IEEE P1363': (_right, key) => (_scheme, content) =>
      new Uint8Array(sign('sha256', content, { key, dsaEncoding: 'ieee-p1363' })),
    empty: changed(() => new Uint8Array()),
    truncated: changed((signature) => signature.slice(0, -1)),
    'cut in half': changed((signature) => signature.slice(0, signature.length / 2)),
    'longer by a byte': changed((signature) => concat(signature, Uint8Array.of(0))),
    'of zeros': changed((signature) => signature.map(() => 0)),
    'changed in one bit': changed((signature) =>
      signature.map((byte, i) => (i === signature.length - 1 ? byte ^ 1 : byte)),
    ),
    'of r = 0, s = 0': changed(() => Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0)),
  };
}

/** The identity, signing in another way. */
export function signingWith(
  identity: Identity,
  key: KeyObject,
  change: (sign: Sign, key: KeyObject) => Sign,
): Identity {
  return withKey(identity, (honest) => ({ ...honest, sign: change(honest.sign.bind(honest), key) }));
}

/** Claims another scheme than the one that the signature was made with. */
export function claimScheme(algorithm: SignatureScheme): Customization {
  return { CertificateVerify: (message) => ({ ...message, algorithm }) };
}

/** Finished messages that are wrong, and what they must be refused with. */
export const WRONG_FINISHED: Readonly<
  Record<string, readonly [(verifyData: Uint8Array) => Uint8Array, Refusal]>
> = {
  'wrong in its first bit': [(data) => data.map((byte, i) => (i === 0 ? byte ^ 0x80 : byte)), BAD_FINISHED],
  'wrong in its last bit': [
    (data) => data.map((byte, i) => (i === data.length - 1 ? byte ^ 1 : byte)),
    BAD_FINISHED,
  ],
  'of zeros': [(data) => data.map(() => 0), BAD_FINISHED],
  'a byte short': [(data) => data.slice(1), DECODE],
  'a byte long': [(data) => concat(data, Uint8Array.of(0)), DECODE],
  'of another hash length': [(data) => concat(data, data.slice(0, 16)), DECODE],
  'of the 12 bytes of TLS 1.2': [(data) => data.slice(0, 12), DECODE],
  empty: [() => new Uint8Array(), DECODE],
};

export function finishedWith(change: (verifyData: Uint8Array) => Uint8Array): Customization {
  return { Finished: ({ verifyData }) => ({ verifyData: change(verifyData) }) };
}

/**
 * The victim refuses so, tells its peer so, has neither completed nor delivered anything, and has sent no data. (A
 * client that cheats in its last flight has completed by then: it cannot know yet what the server thinks of it.)
 */
export function assertRefuses(
  victim: Role,
  options: PairOptions,
  [code, alert]: Refusal,
  reason?: RegExp,
): void {
  const cheater = other(victim);
  const pair = new Pair(options);
  pair.side(victim).send(text('a secret'));
  pair.side(cheater).send(text('not to be believed'));
  pair.run();
  const error = pair.errorOf(victim, code);
  assert.equal(error.alert, alert);
  if (reason !== undefined) assert.match(error.message, reason);
  assert.equal(pair.side(victim).established, undefined);
  assert.deepEqual(pair.typesOf(victim), ['error']);
  assert.equal(pair.errorOf(cheater, 'ERR_ALERT_RECEIVED').context.alertReceived, alert);
  assert.equal(pair.dataOf(cheater).length, 0);
}

/** A change to one message, and what it must be refused with. */
export type Cheat<N extends MessageName> = readonly [
  change: (message: Messages[N]) => Messages[N],
  refusal: Refusal,
  reason?: RegExp,
];

export type Cheats<N extends MessageName> = Readonly<Record<string, Cheat<N>>>;

/** One test for each cheat with one message of the victim's peer. */
export function cheatsAgainst<N extends MessageName>(
  victim: Role,
  name: N,
  cheats: Cheats<N>,
  options: PairOptions = {},
): void {
  const cheater = other(victim);
  for (const [what, [change, refusal, reason]] of Object.entries(cheats)) {
    test(`${name} of a ${cheater}: ${what}`, () => {
      const customize: Customization = { [name]: change };
      assertRefuses(victim, { ...options, [cheater]: { ...options[cheater], customize } }, refusal, reason);
    });
  }
}

/** The same message with some extensions changed. */
export function withExtensions<M extends { readonly extensions: object }>(
  change: (extensions: M['extensions']) => M['extensions'],
): (message: M) => M {
  return (message) => ({ ...message, extensions: change(message.extensions) });
}

/** The same message with one more extension, written as it stands. */
export function withRaw(
  type: number,
  ...data: readonly number[]
): <M extends { readonly extensions: object }>(message: M) => M {
  const unknown = [{ type, data: Uint8Array.from(data) }];
  return (message) => ({ ...message, extensions: { ...message.extensions, unknown } });
}
