/**
 * Transparency logs for tests, which sign whatever they are given: right timestamps by default, and wrong ones in any way that a
 * test asks for. What is signed is put together here, not by the code under test.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { concat } from '../../src/wire/bytes.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import type { TransparencyLog } from '../../src/x509/transparency/logs.ts';
import * as der from './der.ts';
import {
  type ExtensionSpec,
  type Issued,
  type IssueOptions,
  issue,
  type KeyKind,
  makeKey,
  publicKeyInfo,
} from './pki.ts';

export interface TestLog extends TransparencyLog {
  readonly key: KeyObject;
  readonly id: Uint8Array;
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

export function makeLog(
  description: string,
  { kind = 'p256', ...rest }: { readonly kind?: KeyKind } & Partial<TransparencyLog> = {},
): TestLog {
  const key = makeKey(kind);
  const publicKey = publicKeyInfo(key);
  return {
    description,
    operator: `Operator of ${description}`,
    publicKey,
    key,
    id: sha256(publicKey),
    ...rest,
  };
}

/** An unsigned integer, and bytes with their length in front. */
export function uint(size: number, value: number | bigint): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) =>
    Number((BigInt(value) >> BigInt(8 * (size - 1 - i))) & 0xffn),
  );
}
export const prefixed = (size: number, bytes: Uint8Array): Uint8Array =>
  concat(uint(size, bytes.length), bytes);

/** The entry of a certificate as it is. */
export const x509Entry = ({ der: certificate }: Pick<Issued, 'der'>): Uint8Array =>
  concat(uint(2, 0), prefixed(3, certificate));

/** The entry of a certificate that is to be issued by this issuer. */
export const precertEntry = (tbs: Uint8Array, issuer: Issued | Uint8Array): Uint8Array => {
  const publicKey = issuer instanceof Uint8Array ? issuer : publicKeyInfo(issuer.key);
  return concat(uint(2, 1), sha256(publicKey), prefixed(3, tbs));
};

export interface TimestampOptions {
  /** Milliseconds since 1970. Default: an hour ago. */
  readonly at?: number | bigint;
  readonly extensions?: Uint8Array;

  // Ways to be wrong
  readonly version?: number;
  readonly signatureType?: number;
  readonly logId?: Uint8Array;
  readonly signWith?: KeyObject;
  /** The time that is written, when it is not the one that was signed. */
  readonly written?: number | bigint;
  /** HashAlgorithm and SignatureAlgorithm as they are written. */
  readonly algorithm?: readonly [number, number];
}

const HOUR = 3_600_000;

/** A SerializedSCT. */
export function makeTimestamp(log: TestLog, entry: Uint8Array, options: TimestampOptions = {}): Uint8Array {
  const { at = Date.now() - HOUR, extensions = new Uint8Array(0), version = 0, signatureType = 0 } = options;
  const { signWith = log.key, written = at, logId = log.id } = options;
  const isRsa = signWith.asymmetricKeyType === 'rsa';
  const { algorithm = [4, isRsa ? 1 : 3] } = options;
  const input = concat(uint(1, version), uint(1, signatureType), uint(8, at), entry, prefixed(2, extensions));
  const signature = new Uint8Array(sign('sha256', input, signWith));
  return concat(
    uint(1, version),
    logId,
    uint(8, written),
    prefixed(2, extensions),
    Uint8Array.from(algorithm),
    prefixed(2, signature),
  );
}

/** A SignedCertificateTimestampList. */
export const timestampList = (timestamps: readonly Uint8Array[]): Uint8Array =>
  prefixed(2, concat(...timestamps.map((timestamp) => prefixed(2, timestamp))));

const EMBEDDED = '1.3.6.1.4.1.11129.2.4.2';
const IN_OCSP = '1.3.6.1.4.1.11129.2.4.5';

export const embedded = (list: Uint8Array): ExtensionSpec => ({
  oid: EMBEDDED,
  value: der.octetString(list),
});
export const inOcsp = (list: Uint8Array): ExtensionSpec => ({ oid: IN_OCSP, value: der.octetString(list) });

/** The extension that keeps a precertificate from being used. */
export const POISON: ExtensionSpec = {
  oid: '1.3.6.1.4.1.11129.2.4.3',
  critical: true,
  value: der.nullValue(),
};

/** A certificate and the precertificate that logs were shown for it. */
export interface Logged {
  readonly certificate: Issued;
  readonly precertificate: Issued;
  /** What the logs signed. */
  readonly entry: Uint8Array;
}

/**
 * Issues as RFC 6962 section 3.1 has it: a precertificate with the poison goes to the logs, and their timestamps go into the
 * certificate.
 * @param stamp what comes back from the logs for an entry; its list goes into the certificate as it is.
 * @param behind extensions behind that of the timestamps.
 * @param issuerKey the subjectPublicKeyInfo of the issuer, where it is not that of its key of node:crypto.
 */
export function issueLogged(
  options: IssueOptions & { readonly issuer: Issued },
  stamp: (entry: Uint8Array) => readonly Uint8Array[],
  behind: readonly ExtensionSpec[] = [],
  issuerKey: Uint8Array = publicKeyInfo(options.issuer.key),
): Logged {
  const second = 1000 * Math.floor(Date.now() / 1000);
  const fixed = {
    serial: BigInt(`0x40${second.toString(16)}`),
    notBefore: new Date(second - 24 * HOUR),
    notAfter: new Date(second + 2160 * HOUR),
    ...options,
    key: typeof options.key === 'object' ? options.key : makeKey(options.key ?? 'p256'),
  };
  const { extraExtensions = [] } = options;
  const withExtra = (...extra: readonly ExtensionSpec[]): Issued =>
    issue({ ...fixed, extraExtensions: [...extraExtensions, ...extra, ...behind] });
  const precertificate = withExtra(POISON);
  // What the log does: it takes the poison out.
  const { tbs } = parseCertificate(withExtra().der);
  const entry = precertEntry(tbs, issuerKey);
  return { certificate: withExtra(embedded(timestampList(stamp(entry)))), precertificate, entry };
}
