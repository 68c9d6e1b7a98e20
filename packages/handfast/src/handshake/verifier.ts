/** The question that the certificate phase asks: is the peer who it claims to be? */
import type { Awaitable, CryptoProvider } from '../crypto/provider.ts';
import type { Role } from '../trace/events.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { KeyUsage } from '../x509/extensions.ts';
import { checkRules, type VerifyOptions, verify } from '../x509/path.ts';
import type { RevocationOptions } from '../x509/revocation/revocations.ts';
import type { TransparencyOptions } from '../x509/transparency/transparency.ts';
import { refused, type Verdict } from '../x509/verdict.ts';
import { settingsDigest } from './trust-settings.ts';

/**
 * What the peer's key does in a handshake: it signs, or (RSA key transport of TLS 1.2) it decrypts the premaster secret.
 * A certificate may allow one and not the other (RFC 5280 section 4.2.1.3, RFC 5246 section 7.4.2).
 */
export type KeyUse = 'signature' | 'key transport';

/** What a verifier is told about the peer. */
export interface VerificationRequest {
  /** Whose certificate it is. */
  readonly peer: Role;
  /** As the peer sent it, leaf first; never empty. */
  readonly chain: readonly Certificate[];
  /** The name or address that the client wanted to reach; absent when a client is judged. */
  readonly name?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What the peer's key does in this handshake, which its keyUsage must allow. */
  readonly use: KeyUse;
  /** Whether the peer was asked to staple an OCSP response. Default: false. */
  readonly statusRequested?: boolean;
  /** The stapled OCSP response, DER-encoded. */
  readonly ocspResponse?: Uint8Array;
  /** As the peer sent them with its leaf (RFC 6962 section 3.3). */
  readonly signedCertificateTimestamps?: readonly Uint8Array[];
}

/** Decides whether a peer is who it claims to be. Nothing but an accepting verdict lets a handshake go on. */
export interface PeerVerifier {
  /** Judges the peer, at once or later. What it throws ends the handshake with `internal_error`. */
  verify(request: VerificationRequest): Awaitable<Verdict>;
  /** DER-encoded names of the authorities that it trusts, for `certificate_authorities`. Default: none are named. */
  readonly authorities?: readonly Uint8Array[];
  /**
   * A digest of all that its verdicts depend on besides the request. Sessions are resumed only between configurations whose
   * verifiers have the same. Default: a verifier is the same as itself alone, in this process.
   */
  readonly settings?: Uint8Array;
}

/** Options of {@link chainVerifier}; those of path validation are described at `VerifyOptions` of handfast/x509. */
export interface ChainVerifierOptions
  extends Pick<
    VerifyOptions,
    | 'anchors'
    | 'allowPartialChain'
    | 'nameConstraints'
    | 'maxPathLength'
    | 'strength'
    | 'profile'
    | 'policies'
    | 'budget'
  > {
  readonly provider: CryptoProvider;
  /**
   * What is known about the status of certificates, and what must be known. Whatever it says, a response that the peer
   * stapled is judged: everything but a good one about its leaf is refused. `mustStaple` is true by default: a leaf
   * that demands a stapled response (RFC 7633) is refused without one, where the handshake asked for one.
   */
  readonly revocation?: Omit<RevocationOptions, 'stapled' | 'nonce'>;
  /** The transparency logs that are believed, and how many must vouch for the peer. Default: none is asked. */
  readonly transparency?: Omit<TransparencyOptions, 'timestamps'>;
  /**
   * Answers the question in place of `verify` of handfast/x509: for those who look for more evidence, and let that judge it.
   * Default: `verify` itself.
   */
  readonly judge?: (question: VerifyOptions) => Awaitable<Verdict>;
  /** Name the anchors to clients that are asked for a certificate. Default: false, since the list can be long. */
  readonly nameAuthorities?: boolean;
}

const KEY_USAGE: Readonly<Record<KeyUse, KeyUsage>> = {
  signature: 'digitalSignature',
  'key transport': 'keyEncipherment',
};

/**
 * The verifier that validates the peer's chain up to a trust anchor (RFC 5280 section 6), and a server's name (RFC 9525).
 * @throws {ConfigError} when an anchor or another rule makes no sense.
 */
export function chainVerifier({
  provider,
  anchors,
  nameAuthorities,
  revocation = {},
  transparency,
  judge = verify,
  ...rules
}: ChainVerifierOptions): PeerVerifier {
  checkRules({ ...rules, provider, anchors, revocation, ...(transparency && { transparency }) });
  // A key that is known by its hash alone has no name to tell.
  const authorities = anchors.flatMap((anchor) => {
    if ('certificate' in anchor) return [anchor.certificate.subject.der];
    return 'name' in anchor ? [anchor.name.der] : [];
  });
  let settings: Uint8Array | undefined;
  return {
    ...(nameAuthorities ? { authorities } : {}),
    get settings() {
      // Who judges by more than the rules is the same as itself alone.
      const judgedBy = judge === verify ? undefined : judge;
      settings ??= settingsDigest(provider, { anchors, revocation, transparency, judgedBy, ...rules });
      return settings;
    },
    verify: ({ peer, chain: [leaf, ...intermediates], name, at, use, ...sent }) => {
      const { statusRequested, ocspResponse, signedCertificateTimestamps: timestamps = [] } = sent;
      if (leaf === undefined) {
        return refused('issuer', `The ${peer} showed no certificate.`, {
          advice: `The ${peer} needs a certificate, and must show it with its intermediates.`,
        });
      }
      const keyUsage = KEY_USAGE[use];
      const question = {
        ...rules,
        provider,
        leaf,
        intermediates,
        anchors,
        at,
        keyUsage,
        revocation: {
          ...revocation,
          mustStaple: statusRequested === true && (revocation.mustStaple ?? true),
          ...(ocspResponse && { stapled: ocspResponse }),
        },
        ...(transparency && { transparency: { ...transparency, timestamps } }),
      };
      if (peer === 'client') return judge({ ...question, purpose: peer });
      return name === undefined
        ? refused('name', 'No name is known that the server should carry, so it cannot be the right one.', {
            advice: 'Say which server is to be reached: its host name or address.',
          })
        : judge({ ...question, purpose: peer, name });
    },
  };
}
