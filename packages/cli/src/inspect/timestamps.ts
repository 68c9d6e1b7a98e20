/** Timestamps of transparency logs (RFC 6962) as data. */
import { TlsError } from 'handfast';
import {
  type Extension,
  embeddedTimestamps,
  ocspTimestamps,
  parseSignedCertificateTimestamp,
} from 'handfast/x509';
import { hex } from './values.ts';

function describe(bytes: Uint8Array): unknown {
  try {
    const { version, logId, timestamp } = parseSignedCertificateTimestamp(bytes);
    const time = new Date(timestamp);
    return {
      version,
      log: Buffer.from(logId).toString('base64'),
      // 64 bits hold moments beyond those that a Date knows.
      timestamp: Number.isNaN(time.getTime()) ? String(timestamp) : time.toISOString(),
    };
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return hex(bytes);
  }
}

/** What an extension says of logs; `undefined` when it is another one, or malformed. */
export function timestampsIn(extension: Extension): unknown {
  const extensions = new Map([[extension.oid, extension]]);
  try {
    const all = [...embeddedTimestamps({ extensions }), ...ocspTimestamps({ extensions })];
    return all.length === 0 ? undefined : all.map(describe);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return undefined;
  }
}
