/** Reference identities and how certificates are matched against them: subjectAltName only (RFC 9525). */
import { equalBytes } from '../wire/bytes.ts';
import { ConfigError } from '../wire/errors.ts';
import type { Certificate } from './certificate.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { escapeText } from './name.ts';

/** What a client wants to reach. */
export type HostName =
  | { readonly kind: 'dns'; readonly text: string }
  | { readonly kind: 'ip'; readonly text: string; readonly octets: Uint8Array };

/** How a name, or an address, is matched. */
export const HOST_NAME_SOURCES = { dns: 'RFC 9525 section 6.3', ip: 'RFC 9525 section 6.4' } as const;

const LABEL = /^(?!-)[0-9a-z_-]{1,63}(?<!-)$/;
const MAX_NAME_LENGTH = 253;

/**
 * Whether the last label of a name makes it an address in some notation, or nothing: no top-level domain is a number, and
 * resolvers read `127.1` and `0x7f000001` as addresses (RFC 1123 section 2.1, RFC 6943 section 3.1.1).
 */
export function endsInNumber(name: string): boolean {
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(name);
}

/**
 * Reads a host name or an IP address. A dot at the end, which marks a full name in DNS, is dropped.
 * @param option the option that it was given as, for the error.
 * @throws {ConfigError} when it is neither; the message says what to give instead.
 */
export function parseHostName(text: string, option = 'name'): HostName {
  if (typeof text !== 'string') {
    throw new ConfigError(option, `${option}: expected a host name or an IP address, found ${String(text)}`);
  }
  // A zone says which interface leads to the address; it is no part of it (RFC 4007 section 11).
  const octets = parseIpAddress(text.includes(':') ? text.replace(/%.+$/, '') : text);
  if (octets !== undefined) return { kind: 'ip', text: formatIpAddress(octets), octets };
  // Before the case is changed: some other characters have ASCII letters for their lower case (U+212A, a kelvin, has k).
  if (/[^\0-\x7f]/.test(text)) {
    throw new ConfigError(
      option,
      `${option}: ${JSON.stringify(text)} has characters outside ASCII; give its A-label form, such as xn--bcher-kva.example, which new URL('https://...').hostname makes of it`,
    );
  }
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  const labels = name.split('.');
  if (name.length > MAX_NAME_LENGTH || !labels.every((label) => LABEL.test(label)) || endsInNumber(name)) {
    const hint = /^\[.*\]$/.test(text) ? '; an IPv6 address is given without its brackets' : '';
    throw new ConfigError(
      option,
      `${option}: expected a host name or an IP address, found ${JSON.stringify(text)}${hint}`,
    );
  }
  return { kind: 'dns', text: name };
}

/**
 * Whether a dNSName of a certificate stands for a host name: the same labels, or `*` as the whole left-most label
 * with at least two labels after it (RFC 9525 section 6.3).
 * @param presented as it stands in the certificate.
 * @param wanted in lower case, without a dot at its end.
 */
export function matchesDnsName(presented: string, wanted: string): boolean {
  const pattern = presented.toLowerCase();
  if (!pattern.includes('*')) return pattern === wanted;
  const parent = pattern.slice(1);
  const dot = wanted.indexOf('.');
  return (
    pattern.startsWith('*.') &&
    !parent.includes('*') &&
    parent.lastIndexOf('.') > 0 &&
    dot > 0 &&
    wanted.slice(dot) === parent
  );
}

/** Whether a certificate carries a name. The common name never counts (RFC 9525 section 2). */
export function carriesName({ subjectAltName = [] }: Certificate, name: HostName): boolean {
  return subjectAltName.some((entry) =>
    name.kind === 'ip'
      ? entry.kind === 'iPAddress' && equalBytes(entry.octets, name.octets)
      : entry.kind === 'dNSName' && matchesDnsName(entry.value, name.text),
  );
}

/** The names of a certificate that a host name or an address can match, for messages. */
export function presentedNames({ subjectAltName = [] }: Certificate): readonly string[] {
  return subjectAltName.flatMap((entry) => {
    if (entry.kind === 'dNSName') return [escapeText(entry.value)];
    return entry.kind === 'iPAddress' ? [formatIpAddress(entry.octets)] : [];
  });
}
