/** What a certificate is to be used for, as a command line and its answers say it. */
import { describeOid, isObjectIdentifier, type Purpose, PurposeOid } from 'handfast/x509';
import { ExitCode, Failure } from '../outcome.ts';

/** Purposes by the names of RFC 5280 section 4.2.1.12; those of TLS have names of their own. */
const NAMED: Readonly<Record<string, Purpose>> = {
  server: 'server',
  client: 'client',
  any: 'any',
  serverAuth: 'server',
  clientAuth: 'client',
  codeSigning: { extKeyUsage: PurposeOid.codeSigning },
  emailProtection: { extKeyUsage: PurposeOid.emailProtection },
  timeStamping: { extKeyUsage: PurposeOid.timeStamping },
  OCSPSigning: { extKeyUsage: PurposeOid.OCSPSigning },
};

/**
 * Reads a purpose: a name, in any case of its letters, or a dotted object identifier.
 * @throws {Failure} when it is neither.
 */
export function readPurpose(text: string): Purpose {
  const name = Object.keys(NAMED).find((known) => known.toLowerCase() === text.toLowerCase());
  if (name !== undefined) return NAMED[name] as Purpose;
  if (isObjectIdentifier(text)) return ofIdentifier(text);
  throw new Failure(
    ExitCode.usage,
    `--purpose: expected ${Object.keys(NAMED).join(', ')}, or the dotted object identifier of an extended key usage, found '${text}'`,
  );
}

/** The purposes of TLS bring rules of their own, however they are named. */
function ofIdentifier(oid: string): Purpose {
  if (oid === PurposeOid.serverAuth) return 'server';
  if (oid === PurposeOid.clientAuth) return 'client';
  return oid === PurposeOid.anyExtendedKeyUsage ? 'any' : { extKeyUsage: oid };
}

/** A purpose as one word. */
export function purposeName(purpose: Purpose): string {
  return typeof purpose === 'string' ? purpose : describeOid(purpose.extKeyUsage);
}
