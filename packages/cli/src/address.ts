/** `HOST:PORT` as people write it. */
import { isIPv6 } from 'node:net';
import { ExitCode, Failure } from './outcome.ts';

export interface Address {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The port of `https`, where none is given. */
export const HTTPS_PORT = 443;

const MAX_PORT = 65535;

/**
 * Reads a TCP port.
 * @param lowest 1, or 0 where the system may choose one.
 * @throws {Failure} when the text is no port.
 */
export function parsePort(text: string, lowest: 0 | 1 = 1): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= lowest && port <= MAX_PORT)) {
    throw new Failure(
      ExitCode.usage,
      `'${text}' is not a port: expected a number from ${lowest} to ${MAX_PORT}.`,
    );
  }
  return port;
}

function parseHost(host: string, text: string): string {
  if (host === '' || /[\s/@[\]?#]/.test(host)) {
    throw new Failure(
      ExitCode.usage,
      `'${text}' is not an address: expected HOST or HOST:PORT, such as example.com:443 or [::1]:443.`,
    );
  }
  return host;
}

/**
 * Reads `HOST`, `HOST:PORT`, `[IPv6]`, `[IPv6]:PORT` or a bare IPv6 address.
 * @param defaultPort the port where the text gives none; without it, the text must give one.
 * @throws {Failure} when the text is no address.
 */
export function parseAddress(text: string, defaultPort?: number): Address {
  const url = /^[a-z]+:\/\//i.exec(text);
  if (url !== null) {
    throw new Failure(
      ExitCode.usage,
      `'${text}' is a URL: give only its host and port, without ${url[0]} and path.${defaultPort === undefined ? '' : ' --get PATH asks for a page.'}`,
    );
  }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null && !isIPv6(bracketed[1] as string)) {
    throw new Failure(ExitCode.usage, `'${text}' has brackets around what is not an IPv6 address.`);
  }
  const plain = isIPv6(text) ? [text, text, undefined] : /^([^:]*)(?::(.*))?$/.exec(text);
  const [, host, port] = bracketed ?? plain ?? [text, '', undefined];
  if (port === undefined && defaultPort === undefined) {
    throw new Failure(ExitCode.usage, `'${text}' has no port: expected HOST:PORT.`);
  }
  return {
    host: parseHost(host as string, text),
    port: port === undefined ? (defaultPort as number) : parsePort(port),
  };
}

/** The address as `HOST:PORT`, with brackets around IPv6. */
export function formatAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
