/**
 * Every extension that handfast decodes, and the messages where each may appear (the table of RFC 9846
 * section 4.3; for a TLS 1.2 ServerHello, the RFC of each). Numbers that are missing here are kept as raw bytes.
 */
import { applicationLayerProtocolNegotiation } from './alpn.ts';
import { certificateAuthorities } from './certificate-authorities.ts';
import { cookie } from './cookie.ts';
import { earlyData } from './early-data.ts';
import { ecPointFormats } from './ec-point-formats.ts';
import { encryptThenMac } from './encrypt-then-mac.ts';
import { extendedMasterSecret } from './extended-master-secret.ts';
import { keyShare } from './key-share.ts';
import { oidFilters } from './oid-filters.ts';
import { postHandshakeAuth } from './post-handshake-auth.ts';
import { preSharedKey, pskKeyExchangeModes } from './pre-shared-key.ts';
import { renegotiationInfo } from './renegotiation-info.ts';
import { serverName } from './server-name.ts';
import { sessionTicket } from './session-ticket.ts';
import { signatureAlgorithms, signatureAlgorithmsCert } from './signature-algorithms.ts';
import { signedCertificateTimestamp } from './signed-certificate-timestamp.ts';
import { statusRequest } from './status-request.ts';
import { supportedGroups } from './supported-groups.ts';
import { supportedVersions } from './supported-versions.ts';
import { ticketRequest } from './ticket-request.ts';

export const EXTENSIONS = {
  serverName,
  statusRequest,
  supportedGroups,
  ecPointFormats,
  signatureAlgorithms,
  applicationLayerProtocolNegotiation,
  signedCertificateTimestamp,
  encryptThenMac,
  extendedMasterSecret,
  sessionTicket,
  earlyData,
  supportedVersions,
  cookie,
  pskKeyExchangeModes,
  certificateAuthorities,
  oidFilters,
  postHandshakeAuth,
  signatureAlgorithmsCert,
  keyShare,
  ticketRequest,
  renegotiationInfo,
  preSharedKey,
} as const;
