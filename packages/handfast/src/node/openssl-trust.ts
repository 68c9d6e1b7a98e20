/**
 * OpenSSL's `TRUSTED CERTIFICATE`: a certificate, followed by what it may be used for (openssl-x509(1), "TRUST SETTINGS";
 * X509_CERT_AUX in OpenSSL's x_x509a.c):
 *
 *     CertAux ::= SEQUENCE {
 *       trust   SEQUENCE OF OBJECT IDENTIFIER OPTIONAL,
 *       reject  [0] IMPLICIT SEQUENCE OF OBJECT IDENTIFIER OPTIONAL,
 *       alias   UTF8String OPTIONAL,
 *       keyid   OCTET STRING OPTIONAL,
 *       other   [1] IMPLICIT SEQUENCE OF AlgorithmIdentifier OPTIONAL }
 */
import { DerReader } from '../x509/der.ts';
import { describeOid, PurposeOid } from '../x509/oids.ts';

/** Why a certificate with settings is not a trust anchor here. */
interface TrustLimit {
  readonly reason: string;
  /** Whether its settings forbid what TLS needs, so that it must not be trusted through another file either. */
  readonly distrusted: boolean;
}

const { anyExtendedKeyUsage, serverAuth, clientAuth } = PurposeOid;

/**
 * Takes a trusted certificate apart. A trust store does not know whether it will judge servers or clients, so the settings
 * must allow both; otherwise there is a limit, which says so.
 */
export function readTrusted(der: Uint8Array): {
  readonly certificate: Uint8Array;
  readonly limit?: TrustLimit;
} {
  let certificate = der;
  try {
    const reader = new DerReader(der);
    reader.sequence('Certificate');
    certificate = der.subarray(0, reader.position);
    const settings = reader.done ? { rejected: [] } : readSettings(reader);
    const limit = limitOf(settings);
    return limit === undefined ? { certificate } : { certificate, limit };
  } catch (error) {
    const reason = `the trust settings that OpenSSL put behind it cannot be read: ${(error as Error).message}`;
    return { certificate, limit: { reason, distrusted: true } };
  }
}

interface Settings {
  /** Absent: for everything. */
  readonly trusted?: readonly string[];
  readonly rejected: readonly string[];
}

function readSettings(reader: DerReader): Settings {
  const aux = reader.sequence('trust settings');
  reader.finish('TRUSTED CERTIFICATE');
  const trust = aux.optional(0x30, 'trust');
  const reject = aux.optional(0xa0, 'reject');
  return {
    ...(trust && { trusted: purposes(trust, 'trust') }),
    rejected: reject ? purposes(reject, 'reject') : [],
  };
}

function purposes(list: DerReader, what: string): string[] {
  const oids: string[] = [];
  while (!list.done) oids.push(list.oid(what));
  return oids;
}

function limitOf({ trusted, rejected }: Settings): TrustLimit | undefined {
  const named = (oids: readonly string[]) => oids.map(describeOid).join(', ');
  const needed = [serverAuth, clientAuth];
  if (rejected.some((oid) => oid === anyExtendedKeyUsage || needed.some((purpose) => purpose === oid))) {
    return { reason: `its trust settings forbid it for ${named(rejected)}`, distrusted: true };
  }
  if (trusted === undefined || trusted.includes(anyExtendedKeyUsage)) return undefined;
  if (needed.every((oid) => trusted.includes(oid))) return undefined;
  return {
    reason: `its trust settings allow it for ${named(trusted) || 'nothing'} only, which a trust store cannot hold it to; if it may vouch for servers and clients, write it as a plain certificate (openssl x509)`,
    distrusted: false,
  };
}
