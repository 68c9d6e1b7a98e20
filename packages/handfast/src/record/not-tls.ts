/** Recognises what is not TLS by the first bytes of a connection, to say more than "wrong version". */
import { latin1, toHex } from '../wire/bytes.ts';
import { TlsError } from '../wire/errors.ts';
import { ContentType } from '../wire/registry.ts';

/** How other protocols begin, cut to five characters, and the sentence for each. First match wins. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [
    /^HTTP\//,
    'the peer answered with HTTP, not TLS: connect to its TLS port (443 is usual), or speak plain HTTP to this one',
  ],
  [
    /^CONNE/,
    'the peer sent an HTTP CONNECT request, not TLS: it takes this server for a proxy; remove it from the proxy settings or give the proxy as http://',
  ],
  [
    /^(GET |POST |HEAD |PUT |DELET|OPTIO|TRACE|PATCH|PRI \*)/,
    'the peer sent an HTTP request, not TLS: use https:// in its URL, or serve plain HTTP on another port',
  ],
  [
    /^SSH-/,
    'the peer greeted with SSH, not TLS: this is an SSH port; connect to the port on which TLS is served',
  ],
  [
    /^(\d\d\d[ -]|\* (OK|PR|BY)|\+OK)/,
    'the peer greeted as a mail or file server in plain text (SMTP, FTP, IMAP or POP3), not TLS: ask for STARTTLS first, or connect to its TLS port',
  ],
];

/** SSL 2.0: two length bytes with the high bit set, message type 1, version 2.0 or 3.x. */
function isSsl2ClientHello(bytes: Uint8Array): boolean {
  const [first = 0, , type, major] = bytes;
  return (first & 0x80) !== 0 && type === 1 && (major === 3 || major === 0);
}

/**
 * Refuses a first record header that no TLS peer sends.
 * @param bytes the first five bytes of the connection.
 * @throws {TlsError} `ERR_NOT_TLS`, with what was seen and what to do.
 */
export function refuseForeignProtocol(bytes: Uint8Array): void {
  const [type = 0] = bytes;
  if (type >= ContentType.change_cipher_spec && type <= ContentType.application_data) return;
  const text = latin1(bytes);
  const known = BEGINNINGS.find(([beginning]) => beginning.test(text));
  if (known !== undefined) throw new TlsError('ERR_NOT_TLS', known[1], { firstBytes: text });
  if (isSsl2ClientHello(bytes)) {
    throw new TlsError(
      'ERR_NOT_TLS',
      'the peer sent an SSL 2.0 ClientHello, which no version of TLS accepts (RFC 9846 appendix E.5): it must be configured for TLS 1.2 or later',
    );
  }
  throw new TlsError(
    'ERR_NOT_TLS',
    `expected a TLS record, found the bytes ${toHex(bytes)}: the peer does not speak TLS on this port`,
    { firstBytes: text },
  );
}
