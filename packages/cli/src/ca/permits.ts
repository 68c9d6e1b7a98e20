/** What an authority is permitted to vouch for, as a command line says it. */
import { isIP } from 'node:net';
import { parseHostName, parseIpAddress } from 'handfast/x509';

/** An address range, `10.0.0.0/8`, as address and mask; `undefined` when the text is none. */
export function addressRange(text: string): Uint8Array | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const octets = parseIpAddress(address);
  const bits = Number(prefix);
  if (octets === undefined || bits > 8 * octets.length) return undefined;
  const mask = octets.map((_, i) => 0xff & ~(0xff >> Math.max(0, Math.min(8, bits - 8 * i))));
  return Uint8Array.from([...octets.map((octet, i) => octet & (mask[i] as number)), ...mask]);
}

/**
 * Checks what an authority is to be permitted.
 * @throws {ConfigError} when it is neither a DNS name nor an address range.
 */
export function checkPermit(text: string): void {
  if (addressRange(text) !== undefined) return;
  const hint = isIP(text) === 0 ? text : `${text}/`; // an address alone is no range, and no name either
  parseHostName(hint.startsWith('.') ? hint.slice(1) : hint, 'permit');
}
