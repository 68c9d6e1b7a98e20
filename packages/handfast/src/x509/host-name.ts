/** Reference identities: host names and IP addresses (RFC 9525). */
import { ConfigError } from '../wire/errors.ts';
import type { Certificate } from './certificate.ts';
import { parseIpAddress } from './ip-address.ts';

/** What a client wants to reach. */
export interface HostName {
  readonly kind: 'dns' | 'ip';
  readonly text: string;
}

const LABEL = /^(?!-)[0-9A-Za-z_-]{1,63}(?<!-)$/;

/** Reads a host name or an IP address. @throws {ConfigError} when it is neither. */
export function parseHostName(text: string): HostName {
  if (parseIpAddress(text) !== undefined) return { kind: 'ip', text };
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length > 253 || !name.split('.').every((label) => LABEL.test(label))) {
    throw new ConfigError(
      'name',
      `name: expected a host name or an IP address, found ${JSON.stringify(text)}`,
    );
  }
  return { kind: 'dns', text: name };
}

/** Whether a certificate carries a host name (exact, or by a left-most wildcard label). */
export function matchesHostName({ subjectAltName }: Certificate, name: string): boolean {
  const wanted = name.toLowerCase();
  const parent = wanted.slice(wanted.indexOf('.'));
  return (subjectAltName ?? []).some(
    (entry) => entry.kind === 'dNSName' && [wanted, `*${parent}`].includes(entry.value.toLowerCase()),
  );
}
