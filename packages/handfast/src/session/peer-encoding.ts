/** A peer as a session keeps it: its certificates as DER, and the verdict without its checks. */
import { ascii, latin1 } from '../wire/bytes.ts';
import { type Infer, opaque, struct, uint16, vector } from '../wire/codec.ts';
import { parseCertificate } from '../x509/certificate.ts';
import type { Accepted, JudgedCertificate } from '../x509/verdict.ts';
import { optional } from './codecs.ts';
import type { AuthenticatedPeer } from './peer.ts';

const MAX_LENGTH = 0xffffff;

export const peerState = struct({
  chain: vector(opaque(1, MAX_LENGTH), 0, MAX_LENGTH),
  /** JSON in ASCII. */
  verdict: opaque(2, MAX_LENGTH),
  signatureScheme: optional(uint16),
  ocspResponse: optional(opaque(0, MAX_LENGTH)),
  signedCertificateTimestamps: optional(vector(opaque(0, 0xffff), 0, MAX_LENGTH)),
});

export type PeerState = Infer<typeof peerState>;

/** @throws {RangeError} when the peer was refused: nobody may resume its session. */
export function peerToState(peer: AuthenticatedPeer): PeerState {
  const { verdict } = peer;
  if (!verdict.ok)
    throw new RangeError('expected the session of a peer that was accepted, found one refused');
  return {
    chain: peer.chain.map(({ der }) => der),
    verdict: ascii(verdictText(verdict)),
    signatureScheme: peer.signatureScheme,
    ocspResponse: peer.ocspResponse,
    signedCertificateTimestamps: peer.signedCertificateTimestamps,
  };
}

/**
 * @throws {RangeError} when the verdict is not one that {@link peerToState} wrote.
 * @throws {TlsError} `ERR_BAD_CERTIFICATE` when a certificate is malformed.
 */
export function peerFromState(state: PeerState): AuthenticatedPeer {
  const { signatureScheme, ocspResponse, signedCertificateTimestamps } = state;
  return {
    chain: state.chain.map(parseCertificate),
    verdict: readVerdict(latin1(state.verdict)),
    ...(signatureScheme === undefined ? {} : { signatureScheme }),
    ...(ocspResponse === undefined ? {} : { ocspResponse }),
    ...(signedCertificateTimestamps === undefined ? {} : { signedCertificateTimestamps }),
  };
}

/** A verdict as JSON. Characters outside ASCII are escaped, so that a byte is a character. */
function verdictText(verdict: Accepted): string {
  return JSON.stringify(kept(verdict)).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What is kept of a verdict, always in this order. */
function kept({ path, policies, sentence }: Accepted): Accepted {
  return {
    ok: true,
    path: path.map(keptCertificate),
    ...(policies && { policies: [...policies] }),
    sentence,
  };
}

const TEXTS = ['subject', 'issuer', 'serialNumber', 'notBefore', 'notAfter', 'fingerprint'] as const;

function keptCertificate(judged: JudgedCertificate): JudgedCertificate {
  const texts = Object.fromEntries(
    TEXTS.flatMap((name) => (judged[name] === undefined ? [] : [[name, judged[name]]])),
  ) as Pick<JudgedCertificate, (typeof TEXTS)[number]>;
  return { role: judged.role, ...texts, checks: [] };
}

/** Takes JSON only as {@link verdictText} writes it, so that nothing else can hide in it. */
function readVerdict(text: string): Accepted {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isVerdict(value) || verdictText(value) !== text) {
    throw new RangeError('expected an accepting verdict as JSON');
  }
  return kept(value);
}

type Unknown<T> = { readonly [K in keyof T]?: unknown };

function isVerdict(value: unknown): value is Accepted {
  if (typeof value !== 'object' || value === null) return false;
  const { ok, path, policies, sentence } = value as Unknown<Accepted>;
  return (
    ok === true &&
    typeof sentence === 'string' &&
    (policies === undefined || (Array.isArray(policies) && policies.every(isText))) &&
    Array.isArray(path) &&
    path.every(isJudged)
  );
}

const ROLES: readonly unknown[] = ['leaf', 'intermediate', 'anchor'];

function isJudged(value: unknown): value is JudgedCertificate {
  if (typeof value !== 'object' || value === null) return false;
  const judged = value as Unknown<JudgedCertificate>;
  return (
    ROLES.includes(judged.role) &&
    isText(judged.subject) &&
    isText(judged.issuer) &&
    TEXTS.every((name) => judged[name] === undefined || isText(judged[name]))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
