/** Phase 1 of TLS 1.2, the part that both sides share: what each demands of the other's hello. */
import { ascii } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import type { Extensions } from '../wire/extensions/block.ts';
import { UNCOMPRESSED_POINT } from '../wire/extensions/ec-point-formats.ts';
import type { Negotiable } from './negotiable.ts';
import { illegal } from './refusals.ts';

/** How the random of a server ends that speaks TLS 1.3 and had to choose TLS 1.2, or an older version (RFC 9846 section 4.2.3). */
export const DOWNGRADE_SENTINEL = { 'TLSv1.2': ascii('DOWNGRD\x01'), older: ascii('DOWNGRD\x00') } as const;

/**
 * Checks the extensions that make TLS 1.2 safe (RFC 5746, RFC 7627), and the one that says how points are written
 * (RFC 8422 section 5.1.2).
 * @param isSignalled whether the peer says in another way that it knows RFC 5746.
 * @throws {TlsError} `ERR_INSECURE_RENEGOTIATION`, `ERR_NO_EXTENDED_MASTER_SECRET`, `ERR_ILLEGAL_PARAMETER`.
 */
export function checkExtensions12(
  message: string,
  extensions: Pick<
    Extensions<'ClientHello'>,
    'renegotiationInfo' | 'extendedMasterSecret' | 'ecPointFormats'
  >,
  rules: Pick<Negotiable, 'requireSecureRenegotiation' | 'requireExtendedMasterSecret'>,
  isSignalled = false,
): void {
  const { renegotiationInfo, extendedMasterSecret, ecPointFormats } = extensions;
  const isMissing = renegotiationInfo === undefined && !isSignalled && rules.requireSecureRenegotiation;
  if (isMissing || (renegotiationInfo?.length ?? 0) > 0) {
    const found = renegotiationInfo === undefined ? 'none' : `${renegotiationInfo.length} bytes in it`;
    throw new TlsError(
      'ERR_INSECURE_RENEGOTIATION',
      `${message}: expected an empty renegotiation_info (RFC 5746), found ${found}; without it, a stranger's connection can be ` +
        'made to go on as this one: update the peer, or set requireSecureRenegotiation to false',
      { message },
    );
  }
  if (extendedMasterSecret === undefined && rules.requireExtendedMasterSecret) {
    throw new TlsError(
      'ERR_NO_EXTENDED_MASTER_SECRET',
      `${message}: expected extended_master_secret (RFC 7627), found none; without it, two handshakes can be made to share ` +
        'one master secret: update the peer, or set requireExtendedMasterSecret to false',
      { message },
    );
  }
  if (ecPointFormats !== undefined && !ecPointFormats.includes(UNCOMPRESSED_POINT)) {
    throw illegal(message, 'ec_point_formats lacks the uncompressed form (RFC 8422 section 5.1.2)');
  }
}
