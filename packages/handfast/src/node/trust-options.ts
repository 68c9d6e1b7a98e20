/** The options that say whom to trust, and what is asked of a peer's certificate; and the verifier that they make. */
import { nodeProvider } from '../crypto/node/index.ts';
import { type ChainVerifierOptions, chainVerifier, type PeerVerifier } from '../handshake/verifier.ts';
import { ConfigError, TlsError } from '../wire/errors.ts';
import type { TrustAnchor } from '../x509/anchors.ts';
import type { StrengthPolicy } from '../x509/checks.ts';
import { readPem } from '../x509/pem.ts';
import { type CertificateRevocationList, parseCertificateRevocationList } from '../x509/revocation/crl.ts';
import { type CertificateInput, loadCertificates, type OneOrMany } from './credentials.ts';
import type { EvidenceFetcher } from './fetch/fetcher.ts';
import { TrustStore } from './trust-store.ts';

/** Revocation lists: PEM text or bytes (any number of them), one as DER, or one that is parsed already. */
export type RevocationListInput = string | Uint8Array | CertificateRevocationList;

/** Whom to trust, and on which conditions. */
export interface TrustOptions {
  /**
   * The authorities to trust: a store, or certificates. Default for clients: `TrustStore.default()`, which is whom `node:tls`
   * trusts; a server that asks for certificates must say whom it trusts. An empty list trusts nobody.
   */
  readonly ca?: TrustStore | OneOrMany<CertificateInput> | undefined;
  /** In place of `ca`: anchors with constraints, as names with keys, or as hashes of keys. */
  readonly anchors?: readonly TrustAnchor[] | undefined;
  /** Whether a path may end at a trusted certificate that is no root, or be a pinned leaf. Default: true. */
  readonly allowPartialChain?: boolean | undefined;
  /** The weakest keys and signatures to accept in the peer's chain. Default: `DEFAULT_STRENGTH` of handfast/x509. */
  readonly strength?: StrengthPolicy | undefined;
  /** The names that any authority may vouch for. Default: all. */
  readonly nameConstraints?: ChainVerifierOptions['nameConstraints'] | undefined;
  /** The certificate policies that are accepted or required. Default: any, and none. */
  readonly policies?: ChainVerifierOptions['policies'] | undefined;
  /**
   * Revocation lists. As in `node:tls`, the status of every certificate of the peer's path must then be known from them, or
   * from other evidence; `revocation.require` says otherwise. The anchor's own status is not asked, as OpenSSL does.
   */
  readonly crl?: OneOrMany<RevocationListInput> | undefined;
  /** What is known about the status of certificates, and what must be known. Default: nothing, and nothing. */
  readonly revocation?: ChainVerifierOptions['revocation'] | undefined;
  /** The transparency logs that are believed, and how many must vouch for the peer. Default: none is asked. */
  readonly transparency?: ChainVerifierOptions['transparency'] | undefined;
  /** Fetches the statuses and issuers that are missing: what `evidenceFetcher` made. Default: nothing is fetched. */
  readonly fetch?: EvidenceFetcher | undefined;
  /** Judges the peer's certificate, in place of all other options here and of the rules of handfast/x509. */
  readonly verifier?: PeerVerifier | undefined;
}

/** Options that a `verifier` would have to honour itself; with one of them it is not clear who was meant to decide. */
const NOT_BESIDE_VERIFIER = [
  'anchors',
  'allowPartialChain',
  'nameConstraints',
  'policies',
  'crl',
  'revocation',
  'transparency',
  'fetch',
] as const satisfies readonly (keyof TrustOptions)[];

/**
 * The verifier that the options ask for.
 * @throws {ConfigError} when an option cannot work; its `option` is the one at fault.
 */
export function verifierOf(options: TrustOptions): PeerVerifier {
  const { verifier, fetch } = options;
  if (verifier !== undefined) {
    const beside = NOT_BESIDE_VERIFIER.find((name) => options[name] !== undefined);
    if (beside === undefined) return verifier;
    throw new ConfigError(
      beside,
      `${beside}: the verifier decides alone; give this to whoever makes it (chainVerifier, or peerVerifier of a fetcher)`,
    );
  }
  const rules = { anchors: anchorsOf(options), ...rulesOf(options) };
  if (fetch === undefined) return chainVerifier({ ...rules, provider: nodeProvider });
  if (typeof fetch?.peerVerifier !== 'function') {
    throw new ConfigError('fetch', 'fetch: expected what evidenceFetcher() gives, found something else');
  }
  return fetch.peerVerifier(rules);
}

/** Whether the options name somebody to trust. */
export function namesTrust({ ca, anchors, verifier }: TrustOptions): boolean {
  return ca !== undefined || anchors !== undefined || verifier !== undefined;
}

function anchorsOf({ ca, anchors }: TrustOptions): readonly TrustAnchor[] {
  if (anchors !== undefined) {
    if (ca !== undefined) throw new ConfigError('anchors', 'anchors: give either anchors or ca, not both');
    if (!Array.isArray(anchors))
      throw new ConfigError('anchors', 'anchors: expected a list of trust anchors');
    return anchors;
  }
  if (ca === undefined) return TrustStore.default().anchors;
  if (ca instanceof TrustStore) return ca.anchors;
  return loadCertificates('ca', ca).map((certificate) => ({ certificate }));
}

function rulesOf(options: TrustOptions): Omit<ChainVerifierOptions, 'provider' | 'anchors'> {
  const { allowPartialChain, strength, nameConstraints, policies, crl, transparency } = options;
  const revocation = revocationOf(crl, options.revocation);
  return {
    ...(allowPartialChain !== undefined && { allowPartialChain }),
    ...(strength !== undefined && { strength }),
    ...(nameConstraints !== undefined && { nameConstraints }),
    ...(policies !== undefined && { policies }),
    ...(revocation !== undefined && { revocation }),
    ...(transparency !== undefined && { transparency }),
  };
}

function revocationOf(
  crl: TrustOptions['crl'],
  revocation: TrustOptions['revocation'],
): TrustOptions['revocation'] {
  if (crl === undefined) return revocation;
  const crls = [...(revocation?.crls ?? []), ...loadRevocationLists('crl', crl)];
  // X509_V_FLAG_CRL_CHECK and X509_V_FLAG_CRL_CHECK_ALL, which Node sets where it is given lists.
  return { require: 'chain', ...revocation, crls };
}

const LIST_LABELS: ReadonlySet<string> = new Set(['X509 CRL', 'CRL']);
const SEQUENCE = 0x30;

/**
 * Reads revocation lists in the order given.
 * @param option the caller's option, for error messages.
 * @throws {ConfigError} for everything that is not a revocation list.
 */
export function loadRevocationLists(
  option: string,
  input: OneOrMany<RevocationListInput>,
): CertificateRevocationList[] {
  const all = (Array.isArray(input) ? input : [input]) as readonly RevocationListInput[];
  return all.flatMap((one) => {
    if (typeof one === 'object' && one !== null && 'revokedCertificates' in one) return [one];
    if (typeof one !== 'string' && !(one instanceof Uint8Array)) {
      const found = one === null ? 'null' : typeof one;
      throw new ConfigError(option, `${option}: expected a revocation list as PEM or bytes, found ${found}`);
    }
    return listsIn(option, one).map((der) => parseList(option, der));
  });
}

function listsIn(option: string, input: string | Uint8Array): readonly Uint8Array[] {
  if (typeof input !== 'string' && input[0] === SEQUENCE) return [input];
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  const blocks = readPem(text, option).filter(({ label }) => LIST_LABELS.has(label));
  if (blocks.length > 0) return blocks.map(({ der }) => der);
  throw new ConfigError(
    option,
    `${option}: expected a revocation list (-----BEGIN X509 CRL-----), found only other PEM blocks`,
  );
}

function parseList(option: string, der: Uint8Array): CertificateRevocationList {
  try {
    return parseCertificateRevocationList(der);
  } catch (cause) {
    if (!(cause instanceof TlsError)) throw cause;
    throw new ConfigError(option, `${option}: ${cause.message}`, { cause });
  }
}
