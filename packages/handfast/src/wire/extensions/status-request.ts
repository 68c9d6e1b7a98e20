/** status_request: OCSP stapling (RFC 6066 section 8, RFC 9846 section 4.5.1.1). */
import { checked, empty, opaque, rest, struct, uint8 } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

/** `CertificateStatusType` ocsp. */
export const STATUS_TYPE_OCSP = 1;

/** `CertificateStatus`: an extension of TLS 1.3's Certificate, a message in TLS 1.2. */
export const certificateStatus = checked(
  struct({ statusType: uint8, response: opaque(1, 0xffffff) }),
  ({ statusType }) =>
    statusType === STATUS_TYPE_OCSP ? undefined : `expected the status type ocsp(1), found ${statusType}`,
  (random) => ({ statusType: STATUS_TYPE_OCSP, response: Uint8Array.of(random.below(256)) }),
);

export const statusRequest = {
  type: ExtensionType.status_request,
  in: {
    // What follows the type depends on it; a server ignores types that it does not know.
    ClientHello: struct({ statusType: uint8, request: rest }),
    ServerHello12: empty, // a CertificateStatus message may follow
    CertificateRequest: empty,
    Certificate: certificateStatus,
  },
} as const;

/** The body of an OCSP request without responder list and without extensions. */
export const EMPTY_OCSP_REQUEST: Uint8Array = new Uint8Array(4);
