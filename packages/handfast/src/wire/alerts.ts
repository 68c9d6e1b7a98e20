/** TLS alerts (RFC 9846 section 6, IANA "TLS Alerts"). */

export const AlertDescription = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  general_error: 117,
  no_application_protocol: 120,
  ech_required: 121,
} as const;

/** The name of an alert, as the RFC spells it. */
export type AlertName = keyof typeof AlertDescription;

const NAMES = new Map<number, AlertName>(
  Object.entries(AlertDescription).map(([name, value]) => [value, name as AlertName]),
);

/** The alert's name, or `undefined` for a number that the registry does not know. */
export function alertName(description: number): AlertName | undefined {
  return NAMES.get(description);
}

/** Whether an alert ends the connection: all do but the two closure alerts, and whatever its level says (RFC 9846 section 6). */
export function isErrorAlert(description: number): boolean {
  return description !== AlertDescription.close_notify && description !== AlertDescription.user_canceled;
}

export const AlertLevel = { warning: 1, fatal: 2 } as const;
export type AlertLevel = (typeof AlertLevel)[keyof typeof AlertLevel];

/** The level that an alert is sent with. TLS 1.3 reads nothing into it; TLS 1.2 does (RFC 5246 section 7.2). */
export function alertLevel(description: number): AlertLevel {
  return isErrorAlert(description) ? AlertLevel.fatal : AlertLevel.warning;
}

const MEANINGS: Readonly<Record<AlertName, string>> = {
  close_notify: 'it will send no more',
  unexpected_message: 'a message came when it was not its turn',
  bad_record_mac: 'a record could not be decrypted: it was changed on its way, or the keys differ',
  record_overflow: 'a record was too long',
  handshake_failure: 'nothing that was offered is acceptable to it',
  bad_certificate: 'our certificate is malformed, its signature is wrong, or it is for another name',
  unsupported_certificate: 'our certificate is of a kind that it does not accept',
  certificate_revoked: 'our certificate was revoked',
  certificate_expired: 'our certificate has expired or is not valid yet',
  certificate_unknown: 'it does not accept our certificate, for a reason of its own',
  illegal_parameter: 'a value that we sent is out of range or inconsistent',
  unknown_ca: 'our certificate comes from an authority that it does not trust',
  access_denied: 'our certificate is valid, but we may not do this',
  decode_error: 'a message of ours could not be decoded',
  decrypt_error: 'a signature or a Finished of ours did not verify',
  protocol_version: 'it does not speak any protocol version that we offer',
  insufficient_security: 'it demands stronger parameters than we offer',
  internal_error: 'something failed on its side that is not our fault',
  inappropriate_fallback: 'we fell back to an older version than we need to',
  user_canceled: 'the handshake was canceled',
  no_renegotiation: 'it will not renegotiate',
  missing_extension: 'an extension is missing that it needs',
  unsupported_extension: 'an extension came that was not asked for',
  unrecognized_name: 'it has no server of the name that we asked for',
  bad_certificate_status_response: 'our stapled OCSP response is not acceptable',
  unknown_psk_identity: 'it does not know the pre-shared key',
  certificate_required: 'it requires a client certificate, and we showed none',
  general_error: 'something failed for which there is no other alert',
  no_application_protocol: 'it speaks no application protocol that we offer',
  ech_required: 'it could not decrypt our Encrypted ClientHello',
};

/** What an alert that the peer sent means for this side, as half a sentence (RFC 9846 section 6). */
export function alertMeaning(description: number): string {
  const name = alertName(description);
  return name === undefined ? 'an alert that the registry does not know' : MEANINGS[name];
}
