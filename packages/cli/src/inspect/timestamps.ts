/** Timestamps of transparency logs (RFC 6962) in extensions of certificates and OCSP responses. */
import { TlsError } from 'handfast';
import {
  type Extension,
  embeddedTimestamps,
  ocspTimestamps,
  parseSignedCertificateTimestamp,
} from 'handfast/x509';
import { hex, signatureText } from './values.ts';

/** One timestamp for JSON, and as a line for people. */
interface DescribedTimestamp {
  readonly data: unknown;
  readonly text: string;
}

function describe(bytes: Uint8Array): DescribedTimestamp {
  try {
    const { version, logId, timestamp, signatureAlgorithm } = parseSignedCertificateTimestamp(bytes);
    const log = Buffer.from(logId).toString('base64');
    const time = new Date(timestamp);
    // 64 bits hold moments beyond those that a Date knows.
    const told = Number.isNaN(time.getTime()) ? String(timestamp) : time.toISOString();
    const algorithm =
      signatureAlgorithm === undefined ? null : signatureText(signatureAlgorithm, { oid: 'unknown' });
    return {
      data: { version, log, timestamp: told, signatureAlgorithm: algorithm },
      text: `${told} by the log ${log}, ${algorithm ?? 'signed as no log may sign'}`,
    };
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return { data: hex(bytes), text: `${hex(bytes)} (${error.message})` };
  }
}

/** What an extension says of logs; `undefined` when it is another one, or malformed. */
export function timestampsIn(extension: Extension): readonly DescribedTimestamp[] | undefined {
  const extensions = new Map([[extension.oid, extension]]);
  try {
    const all = [...embeddedTimestamps({ extensions }), ...ocspTimestamps({ extensions })];
    return all.length === 0 ? undefined : all.map(describe);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return undefined;
  }
}
