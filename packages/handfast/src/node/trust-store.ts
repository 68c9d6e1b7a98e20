/** Whom to trust: sets of certificate authorities, from Node, the system, files and folders. */
import { createHash } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { ConfigError } from '../wire/errors.ts';
import type { TrustAnchor } from '../x509/anchors.ts';
import { type Certificate, parseCertificate } from '../x509/certificate.ts';
import { type CertificateInput, loadCertificates, type OneOrMany } from './credentials.ts';
import { defaultSource } from './default-store.ts';
import { findInList, findSystemCertificates } from './system-store.ts';
import {
  type Findings,
  type FoundCertificate,
  findInFile,
  findInFolder,
  joinFindings,
  type SkippedCertificate,
} from './trust-files.ts';

/** What {@link TrustStore.without} takes away: a SHA-256 fingerprint, certificates, or whatever a question says yes to. */
export type Removal = string | Certificate | TrustStore | ((certificate: Certificate) => boolean);

/** A certificate that was read, or why it was not. Stores that are made of one another share them. */
class Candidate {
  readonly where: string;
  readonly #der: Uint8Array;
  #read: Certificate | string | undefined;

  constructor({ der, where }: FoundCertificate, certificate?: Certificate) {
    this.#der = der;
    this.where = where;
    this.#read = certificate;
  }

  /** The certificate, or the reason why it is not used. */
  read(): Certificate | string {
    this.#read ??= this.#parse();
    return this.#read;
  }

  #parse(): Certificate | string {
    try {
      return parseCertificate(this.#der);
    } catch (error) {
      return (error as Error).message;
    }
  }
}

interface Contents {
  /** By fingerprint, in the order in which they were found. */
  readonly candidates: ReadonlyMap<string, Candidate>;
  /** Fingerprints of certificates that a file forbids to trust. */
  readonly distrusted: ReadonlySet<string>;
  readonly skipped: readonly SkippedCertificate[];
}

/**
 * A set of certificate authorities, which never changes: {@link TrustStore.with} and {@link TrustStore.without} make new
 * ones. The option `ca` of sockets and servers takes it, and `anchors` is what `chainVerifier` and `verify` take.
 *
 * Each certificate is in it once, however often it was found. Certificates are parsed when they are asked for the first
 * time. What does not parse strictly is left out, and {@link TrustStore.skipped} says why.
 */
export class TrustStore {
  static #default: { readonly identity: unknown; readonly store: TrustStore } | undefined;

  readonly #contents: Contents;
  #anchors: readonly TrustAnchor[] | undefined;
  #skipped: readonly SkippedCertificate[] | undefined;

  private constructor(contents: Contents) {
    this.#contents = contents;
  }

  /**
   * Whom `node:tls` trusts in this process: Node's bundled store, the system's with `--use-system-ca`, OpenSSL's with
   * `--use-openssl-ca`, the file that `NODE_EXTRA_CA_CERTS` names, and what `tls.setDefaultCACertificates()` made of it.
   * The same store at each call, until that function is called. An extra file that cannot be read is a warning, as in Node.
   */
  static default(): TrustStore {
    const { identity, find } = defaultSource();
    let known = TrustStore.#default;
    if (known === undefined || known.identity !== identity) {
      known = { identity, store: TrustStore.#from(find()) };
      TrustStore.#default = known;
    }
    return known.store;
  }

  /** The store that is compiled into Node: Mozilla's authorities for servers, as of the release of this Node. */
  static bundled(): TrustStore {
    return TrustStore.#from(findInList(rootCertificates, "Node's bundled store"));
  }

  /**
   * The authorities of the operating system. On macOS and Windows Node 22.15 or newer asks the system; elsewhere the usual
   * file of the distribution is read, or else its folder. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace these places.
   * @throws {ConfigError} when they cannot be read, or there are none.
   */
  static system(): TrustStore {
    return TrustStore.#from(findSystemCertificates());
  }

  /**
   * The certificates of files: PEM with any number of them, or one as DER.
   * @throws {ConfigError} when a file cannot be read, is damaged, or holds no certificate.
   */
  static files(paths: OneOrMany<string>): TrustStore {
    const files = typeof paths === 'string' ? [paths] : paths;
    return TrustStore.#from(
      joinFindings(files.map((path) => findInFile('files', requirePath('files', path)))),
    );
  }

  /**
   * The certificates in the files of a folder, such as OpenSSL's hashed ones; folders inside of it are not searched.
   * Other files are named in `skipped`.
   * @throws {ConfigError} when the folder cannot be read, or has more than `MAX_TRUST_FOLDER_ENTRIES` entries.
   */
  static folder(path: string): TrustStore {
    return TrustStore.#from(findInFolder('folder', requirePath('folder', path)));
  }

  /**
   * These certificates and no others; none at all trusts nobody.
   * @throws {ConfigError} for everything that is not a well-formed certificate.
   */
  static of(certificates: OneOrMany<CertificateInput>): TrustStore {
    const candidates = new Map<string, Candidate>();
    for (const certificate of loadCertificates('certificates', certificates)) {
      const where = `the certificate of '${certificate.subject}'`;
      candidates.set(
        fingerprintOf(certificate.der),
        new Candidate({ der: certificate.der, where }, certificate),
      );
    }
    return new TrustStore({ candidates, distrusted: new Set(), skipped: [] });
  }

  static #from({ certificates, distrusted, skipped }: Findings): TrustStore {
    const candidates = new Map<string, Candidate>();
    const forbidden = new Set(distrusted.map(({ der }) => fingerprintOf(der)));
    for (const found of certificates) {
      const fingerprint = fingerprintOf(found.der);
      if (!candidates.has(fingerprint) && !forbidden.has(fingerprint)) {
        candidates.set(fingerprint, new Candidate(found));
      }
    }
    return new TrustStore({ candidates, distrusted: forbidden, skipped });
  }

  /**
   * This store and others. What a file of one of them forbids to trust (OpenSSL's trust settings) is in none of it.
   * @throws {ConfigError} for everything that is neither a store nor a well-formed certificate.
   */
  with(...others: readonly (TrustStore | OneOrMany<CertificateInput>)[]): TrustStore {
    const stores = [
      this,
      ...others.map((other) => (other instanceof TrustStore ? other : TrustStore.of(other))),
    ];
    const distrusted = new Set(stores.flatMap((store) => [...store.#contents.distrusted]));
    const candidates = new Map<string, Candidate>();
    for (const store of stores) {
      for (const [fingerprint, candidate] of store.#contents.candidates) {
        if (!distrusted.has(fingerprint) && !candidates.has(fingerprint)) {
          candidates.set(fingerprint, candidate);
        }
      }
    }
    return new TrustStore({
      candidates,
      distrusted,
      skipped: stores.flatMap((store) => store.#contents.skipped),
    });
  }

  /**
   * This store without some authorities; those that are not in it are passed over.
   * @param removals SHA-256 fingerprints (64 hexadecimal digits, with colons or without), certificates, whole stores, or
   * functions that say which.
   * @throws {ConfigError} for everything else.
   */
  without(...removals: readonly Removal[]): TrustStore {
    const removed = removals.map(TrustStore.#removalTest);
    const candidates = new Map(
      [...this.#contents.candidates].filter(
        ([fingerprint, candidate]) => !removed.some((test) => test(fingerprint, candidate)),
      ),
    );
    return new TrustStore({ ...this.#contents, candidates });
  }

  static #removalTest(removal: Removal): (fingerprint: string, candidate: Candidate) => boolean {
    if (removal instanceof TrustStore) {
      const { candidates } = removal.#contents;
      return (fingerprint) => candidates.has(fingerprint);
    }
    if (typeof removal === 'function') {
      return (_, candidate) => {
        const certificate = candidate.read();
        return typeof certificate !== 'string' && removal(certificate);
      };
    }
    const wanted = typeof removal === 'string' ? readFingerprint(removal) : fingerprintOfCertificate(removal);
    return (fingerprint) => fingerprint === wanted;
  }

  /** The authorities, in the order in which they were found. The same list at each call. */
  get anchors(): readonly TrustAnchor[] {
    this.#anchors ??= Object.freeze(
      [...this.#contents.candidates.values()].flatMap((candidate) => {
        const certificate = candidate.read();
        return typeof certificate === 'string' ? [] : [Object.freeze({ certificate })];
      }),
    );
    return this.#anchors;
  }

  /** How many authorities there are. */
  get size(): number {
    return this.anchors.length;
  }

  /** What was found and is not used, and why. */
  get skipped(): readonly SkippedCertificate[] {
    this.#skipped ??= Object.freeze([
      ...this.#contents.skipped,
      ...[...this.#contents.candidates.values()].flatMap((candidate) => {
        const reason = candidate.read();
        return typeof reason === 'string' ? [{ where: candidate.where, reason }] : [];
      }),
    ]);
    return this.#skipped;
  }
}

function fingerprintOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/** Objects of callers come from JavaScript too. */
function fingerprintOfCertificate(certificate: Certificate): string {
  if (typeof certificate === 'object' && certificate !== null && certificate.der instanceof Uint8Array) {
    return fingerprintOf(certificate.der);
  }
  throw new ConfigError(
    'without',
    'without: expected a SHA-256 fingerprint, a certificate that is parsed, a TrustStore or a function',
  );
}

/** A fingerprint as people write it. */
function readFingerprint(text: string): string {
  const digits = text.replaceAll(':', '').toLowerCase();
  if (/^[\da-f]{64}$/.test(digits)) return digits;
  throw new ConfigError(
    'without',
    `without: expected a SHA-256 fingerprint (64 hexadecimal digits), found ${JSON.stringify(text)}`,
  );
}

function requirePath(option: string, path: string): string {
  if (typeof path === 'string' && path !== '') return path;
  throw new ConfigError(option, `${option}: expected a path, found ${path === '' ? "''" : typeof path}`);
}
