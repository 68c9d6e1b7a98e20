/** PEM: DER between BEGIN and END lines (RFC 7468), and certificates read from it. */
import { latin1 } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { type Certificate, parseCertificate } from './certificate.ts';

/** One block of a PEM text. */
export interface PemBlock {
  /** What stands after BEGIN, such as `CERTIFICATE`. */
  readonly label: string;
  readonly der: Uint8Array;
}

const BEGIN = /-----BEGIN ([^-\r\n]*)-----/g;

/** For a message: the first character that does not belong, or what else is wrong. */
function whyNotBase64(body: string): string {
  const foreign = /[^A-Za-z0-9+/=\s]/u.exec(body);
  if (foreign !== null) {
    const line = body.slice(0, foreign.index).split('\n').length - 1;
    return `${JSON.stringify(foreign[0])} in its line ${line}`;
  }
  const { length } = body.replace(/\s+/g, '');
  return length % 4 === 0 ? 'its padding is wrong' : `${length} characters, which is no multiple of four`;
}

/**
 * All blocks of a PEM text, in order; text around them is passed over.
 * @param option the option that the text was given as, for the error.
 * @throws {ConfigError} when there is no block, or one has no end or is not base64.
 */
export function readPem(text: string, option: string): readonly PemBlock[] {
  const blocks = Array.from(text.matchAll(BEGIN), (match) => {
    const label = match[1] as string;
    const from = match.index + match[0].length;
    const to = text.indexOf(`-----END ${label}-----`, from);
    const next = text.indexOf('-----BEGIN ', from);
    if (to < 0 || (next >= 0 && next < to)) {
      throw new ConfigError(
        option,
        `${option}: the PEM block '${label}' has no END line; is the file cut off?`,
      );
    }
    const body = text.slice(from, to);
    const der = fromBase64(body.replace(/\s+/g, ''));
    if (der === undefined) {
      throw new ConfigError(
        option,
        `${option}: the PEM block '${label}' does not hold base64 (${whyNotBase64(body)}); is the file damaged or encrypted?`,
      );
    }
    return { label, der };
  });
  if (blocks.length === 0) {
    const start = text.trim().slice(0, 30);
    throw new ConfigError(
      option,
      `${option}: expected PEM ("-----BEGIN CERTIFICATE-----"), found ${start === '' ? 'nothing' : JSON.stringify(start)}`,
    );
  }
  return blocks;
}

/** One PEM block. */
export function writePem({ label, der }: PemBlock): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const CERTIFICATE_LABELS: ReadonlySet<string> = new Set(['CERTIFICATE', 'X509 CERTIFICATE']);

/**
 * Certificates from PEM text, from the bytes of PEM text, or from the DER of one certificate.
 * Other PEM blocks beside them, such as a private key, are passed over.
 * @param option the option that they were given as, for errors.
 * @throws {ConfigError} when there is no certificate; {@link TlsError} `ERR_BAD_CERTIFICATE` is its cause when one is malformed.
 */
export function readCertificates(input: string | Uint8Array, option: string): readonly Certificate[] {
  const SEQUENCE = 0x30;
  const ders =
    typeof input !== 'string' && input[0] === SEQUENCE
      ? [input]
      : readPem(typeof input === 'string' ? input : latin1(input), option)
          .filter(({ label }) => CERTIFICATE_LABELS.has(label))
          .map(({ der }) => der);
  if (ders.length === 0) {
    throw new ConfigError(
      option,
      `${option}: expected a certificate, found only other PEM blocks; is it the key's file?`,
    );
  }
  return ders.map((der, index) => {
    try {
      return parseCertificate(der);
    } catch (cause) {
      const which = ders.length === 1 ? 'the certificate' : `certificate ${index + 1} of ${ders.length}`;
      throw new ConfigError(option, `${option}: ${which} cannot be read: ${(cause as Error).message}`, {
        cause,
      });
    }
  });
}
