/** Trust anchors: what a caller trusts, where a path may end, and which issuers it may go on with. */
import type { CryptoProvider, PublicKey } from '../crypto/provider.ts';
import { equalBytes, toHex } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import type { NameConstraints } from './extensions.ts';
import type { DistinguishedName } from './name.ts';
import { callersConstraints, type NameSubtrees } from './name-constraints.ts';
import type { Issuer, Step } from './path-report.ts';

/** What a caller holds an anchor to, besides what its certificate says of itself (RFC 5914 section 2.2, CertPathControls). */
export interface AnchorConstraints {
  /** The names that it may vouch for. */
  readonly nameConstraints?: NameSubtrees;
  /** The authorities that may stand below it, self-issued ones not counted. */
  readonly pathLength?: number;
}

/**
 * An authority that the caller trusts: a certificate; a name and a key; or the SHA-256 hash of a SubjectPublicKeyInfo, which
 * is found in the leaf or in an intermediate. A pinned leaf is a certificate, or the hash of its key.
 *
 * Whoever holds a key that is trusted by its hash writes its certificate too, and so its names, times and limits: limits that
 * shall hold belong into `constraints`.
 */
export type TrustAnchor = (
  | { readonly certificate: Certificate }
  | { readonly name: DistinguishedName; readonly key: PublicKey }
  | { readonly publicKeyHash: Uint8Array }
) & { readonly constraints?: AnchorConstraints };

/** The constraints of an anchor, ready to be held against what is below it. */
export interface IssuerConstraints {
  readonly nameConstraints?: NameConstraints;
  readonly pathLength?: number;
}

const HASH_LENGTH = 32;

/** What the search for a path may go on with. */
export class Anchors {
  readonly #anchors: readonly Issuer[];
  readonly #pinnedKeys: ReadonlyMap<string, IssuerConstraints>;
  /** A certificate can be a candidate in many paths. */
  readonly #keyHashes = new Map<Certificate, string>();
  readonly #intermediates: readonly Certificate[];
  readonly #provider: Pick<CryptoProvider, 'hash'>;

  /**
   * @param allowPartialChain whether a certificate that is no root may end a path.
   * @throws {ConfigError} when an anchor or its constraints are malformed.
   */
  constructor(
    anchors: readonly TrustAnchor[],
    intermediates: readonly Certificate[],
    allowPartialChain: boolean,
    provider: Pick<CryptoProvider, 'hash'>,
  ) {
    const ends: Issuer[] = [];
    const pinnedKeys = new Map<string, IssuerConstraints>();
    const steps = [...intermediates];
    for (const anchor of anchors) {
      const constraints = readConstraints(anchor.constraints);
      if ('publicKeyHash' in anchor) pinnedKeys.set(readHash(anchor.publicKeyHash), constraints);
      else if ('certificate' in anchor) {
        const { certificate } = anchor;
        if (allowPartialChain || isRoot(certificate)) ends.push(anchorOf(certificate, constraints));
        else steps.push(certificate);
      } else {
        const { name, key } = anchor;
        ends.push({ role: 'anchor', name, key, constraints, label: labelOf('trust anchor', name) });
      }
    }
    this.#anchors = ends;
    this.#pinnedKeys = pinnedKeys;
    this.#intermediates = steps;
    this.#provider = provider;
  }

  /** A leaf as an anchor, where it is one itself: byte for byte, or by its key. */
  pinned(leaf: Certificate): Issuer | undefined {
    const same = this.#anchors.find(
      ({ certificate }) => certificate && equalBytes(certificate.der, leaf.der),
    );
    if (same !== undefined) return same;
    const constraints = this.#keyConstraints(leaf);
    return constraints && anchorOf(leaf, constraints);
  }

  /**
   * Candidates by name: anchors, and intermediates that the path does not hold already. Those whose key the certificate
   * itself points at come first, then those of whom nothing is known (RFC 4158 section 3.5.12); among equals, anchors.
   */
  issuersOf(last: Certificate, steps: readonly Step[]): readonly Issuer[] {
    const issuers = this.#anchors.filter(({ name }) => name.equals(last.issuer));
    for (const certificate of this.#intermediates) {
      const { subject: name, publicKeyInfo, version } = certificate;
      if (!name.equals(last.issuer)) continue;
      // The same name with the same key again is a loop, whatever else differs.
      const loops = steps.some(
        (step) =>
          equalBytes(step.certificate.publicKeyInfo.der, publicKeyInfo.der) &&
          step.certificate.subject.equals(name),
      );
      if (loops) continue;
      // A hash says nothing of who is an authority: only a certificate of version 3 can.
      const constraints = version === 3 ? this.#keyConstraints(certificate) : undefined;
      issuers.push(
        constraints === undefined
          ? {
              role: 'intermediate',
              name,
              key: publicKeyInfo.key,
              certificate,
              label: labelOf('intermediate', name),
            }
          : anchorOf(certificate, constraints),
      );
    }
    return issuers.sort((a, b) => keyIdentifierDistance(last, a) - keyIdentifierDistance(last, b));
  }

  #keyConstraints(certificate: Certificate): IssuerConstraints | undefined {
    if (this.#pinnedKeys.size === 0) return undefined;
    let text = this.#keyHashes.get(certificate);
    if (text === undefined) {
      const hash = this.#provider.hash('SHA-256');
      hash.update(certificate.publicKeyInfo.der);
      text = toHex(hash.digest());
      this.#keyHashes.set(certificate, text);
    }
    return this.#pinnedKeys.get(text);
  }
}

/** Self-issued, and not by another key of the same name, as certificates are that join an old key and a new one. */
export function isRoot(certificate: Certificate): boolean {
  const { authorityKeyIdentifier, subjectKeyIdentifier } = certificate;
  return (
    isSelfIssued(certificate) &&
    identifierDistance(authorityKeyIdentifier?.keyIdentifier, subjectKeyIdentifier) < 2
  );
}

function anchorOf(certificate: Certificate, constraints: IssuerConstraints): Issuer {
  const { subject: name, publicKeyInfo } = certificate;
  const label = labelOf('trust anchor', name);
  return { role: 'anchor', name, key: publicKeyInfo.key, certificate, constraints, label };
}

/** An issuer in the middle of a sentence. */
function labelOf(what: 'intermediate' | 'trust anchor', name: DistinguishedName): string {
  return name.empty ? `the ${what} without a name` : `the ${what} '${name}'`;
}

function readHash(hash: Uint8Array): string {
  if (hash.length !== HASH_LENGTH) {
    throw new ConfigError(
      'anchors',
      `anchors: publicKeyHash: expected the ${HASH_LENGTH} bytes of a SHA-256 hash, found ${hash.length}`,
    );
  }
  return toHex(hash);
}

function readConstraints({ nameConstraints, pathLength }: AnchorConstraints = {}): IssuerConstraints {
  if (pathLength !== undefined && !(Number.isSafeInteger(pathLength) && pathLength >= 0)) {
    throw new ConfigError(
      'anchors',
      `anchors: constraints.pathLength: expected a number of authorities from 0, found ${pathLength}`,
    );
  }
  return {
    ...(nameConstraints && { nameConstraints: callersConstraints(nameConstraints, 'anchors') }),
    ...(pathLength !== undefined && { pathLength }),
  };
}

function keyIdentifierDistance({ authorityKeyIdentifier }: Certificate, { certificate }: Issuer): number {
  return identifierDistance(authorityKeyIdentifier?.keyIdentifier, certificate?.subjectKeyIdentifier);
}

/** 0 when a certificate points at this key, 2 when it points at another, 1 when one of them does not say. */
function identifierDistance(wanted: Uint8Array | undefined, offered: Uint8Array | undefined): number {
  if (wanted === undefined || offered === undefined) return 1;
  return equalBytes(wanted, offered) ? 0 : 2;
}
