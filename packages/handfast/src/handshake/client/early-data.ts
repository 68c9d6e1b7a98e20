/** A client's early data: application data that goes out with the ClientHello (RFC 9846 sections 2.3 and 4.3.10). */

import type { CipherSuite13Info } from '../../keys/cipher-suites.ts';
import { TLS13_CIPHER_SUITES } from '../../keys/cipher-suites.ts';
import { Hkdf } from '../../keys/hkdf.ts';
import { EarlySecret } from '../../keys/schedule13.ts';
import type { ClientSession } from '../../session/session.ts';
import { EMPTY } from '../../wire/bytes.ts';
import { TlsError } from '../../wire/errors.ts';
import { cipherSuiteName } from '../../wire/registry.ts';
import { illegal } from '../refusals.ts';
import type { ClientContext, Offer, Target } from './client-hello.ts';
import type { OfferedPsk } from './psk13.ts';

/** The session whose ticket lets all of the early data go, if the first pre-shared key is of one. */
export function earlySession(
  h: ClientContext,
  { earlyData }: Target,
  [first]: readonly OfferedPsk[],
): ClientSession | undefined {
  const session = first?.session;
  if (earlyData === undefined || earlyData.length === 0 || session === undefined) return undefined;
  // Where the protocol could come out differently, the data might mean something else (section 4.3.10).
  const { applicationProtocols } = h.config;
  const isSettled =
    session.applicationProtocol === undefined
      ? applicationProtocols.length === 0
      : applicationProtocols.includes(session.applicationProtocol);
  return isSettled && earlyData.length <= session.maxEarlyData ? session : undefined;
}

function suiteOf({ cipherSuite }: ClientSession): CipherSuite13Info {
  const info = TLS13_CIPHER_SUITES.get(cipherSuite);
  if (info === undefined)
    throw new TlsError('ERR_INTERNAL', `a session with ${cipherSuiteName(cipherSuite)}`);
  return info;
}

/** Sends early data behind the ClientHello, with which the transcript ends. */
export function sendEarlyData(h: ClientContext, session: ClientSession, data: Uint8Array): void {
  const info = suiteOf(session);
  const secret = EarlySecret.from(new Hkdf(h.provider, info.hash), session.secret).clientEarlyTrafficSecret(
    h.transcript.hashWith(info.hash, EMPTY),
  );
  if (h.config.middleboxCompatibility) h.records.sendChangeCipherSpec();
  h.useEarlyTrafficSecret('sent', info, secret);
  h.records.sendEarlyData(data);
}

/**
 * What was sent early may be sent again for the same application protocol only (RFC 9846 section 4.3.10).
 * @throws {TlsError} `ERR_NO_APPLICATION_PROTOCOL`.
 */
export function requireSameProtocol(
  { applicationProtocol: before }: ClientSession,
  chosen: string | undefined,
): void {
  if (chosen === before) return;
  throw new TlsError(
    'ERR_NO_APPLICATION_PROTOCOL',
    `the data that was sent early for ${before ?? 'no application protocol'} cannot be sent again, since the server chose ` +
      `${chosen ?? 'none'}; connect again without early data`,
  );
}

/**
 * Whether the server takes the early data, as its EncryptedExtensions say.
 * @throws {TlsError} `ERR_ILLEGAL_PARAMETER` when what it chose is not what the data was sent under.
 */
export function isEarlyDataTaken(
  { early, psks }: Offer,
  chosen: { readonly suite: CipherSuite13Info; readonly psk?: OfferedPsk },
  saysSo: boolean,
  applicationProtocol: string | undefined,
): boolean {
  if (!saysSo) return false;
  const message = 'EncryptedExtensions';
  if (early === undefined || chosen.psk === undefined || chosen.psk !== psks[0]) {
    throw illegal(
      message,
      'the server takes early data, but did not choose the pre-shared key that it was sent under',
    );
  }
  if (chosen.suite.suite !== early.cipherSuite) {
    throw illegal(
      message,
      `the server takes early data, but chose ${chosen.suite.name}, and it was sent with ${cipherSuiteName(early.cipherSuite)}`,
    );
  }
  if (applicationProtocol !== early.applicationProtocol) {
    throw illegal(
      message,
      `the server takes early data, but chose the application protocol ${applicationProtocol ?? 'none'}, and it was sent for ${early.applicationProtocol ?? 'none'}`,
    );
  }
  return true;
}
