/** What `serve` prints: how to reach and trust it, and a line for each connection. */
import { cipherSuiteName } from 'handfast';
import type { TLSSocket } from 'handfast/node';
import { type Address, formatAddress } from '../address.ts';
import { keyExchangeText } from '../render/key-exchange.ts';
import { printable } from '../render/layout.ts';
import { weakPoints } from '../render/weak-points.ts';
import type { DevelopmentCertificate } from './development.ts';

export interface Purpose {
  readonly root?: string;
  readonly echo?: true;
  readonly proxy?: string;
}

function purposeText({ root, echo, proxy }: Purpose): string {
  if (root !== undefined) return `the files of ${root}`;
  if (echo) return 'an echo';
  if (proxy !== undefined) return `a proxy to ${proxy}`;
  return "each visitor's handshake";
}

const ANY_ADDRESS = new Set(['0.0.0.0', '::', '127.0.0.1', '::1']);

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./+:@%-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** The lines that tell where the server is, and how to trust a certificate that was made on the spot. */
export function banner(
  purpose: Purpose,
  address: Address,
  speaksHttp: boolean,
  development: DevelopmentCertificate | undefined,
): string[] {
  const listening = `listening on ${formatAddress(address)}: ${printable(purposeText(purpose))}`;
  if (development === undefined) return [listening];
  const name = formatAddress({
    host: ANY_ADDRESS.has(address.host) ? 'localhost' : address.host,
    port: address.port,
  });
  const ca = quoted(development.caPath);
  return [
    listening,
    `certificate made on the spot for ${development.hosts.join(', ')}; valid until ${development.notAfter.toISOString().slice(0, 10)}, keys in memory only`,
    `its authority's certificate is in ${development.caPath}; to trust it:`,
    ...(speaksHttp ? [`  curl --cacert ${ca} https://${name}/`] : []),
    `  handfast connect ${name} --ca ${ca}${speaksHttp ? ' --get /' : ''}`,
  ];
}

function prefix(socket: TLSSocket): string {
  const { remoteAddress, remotePort } = socket;
  const from =
    remoteAddress === undefined || remotePort === undefined
      ? '(gone)'
      : formatAddress({ host: remoteAddress, port: remotePort });
  return `${new Date().toISOString().slice(11, 19)} ${from}`;
}

/** A connection that was made. */
export function connectionLine(socket: TLSSocket): string {
  const { established } = socket;
  if (established === undefined) return prefix(socket);
  const { version, cipherSuite, serverName, applicationProtocol, peer, resumed, earlyData, pskIdentity } =
    established;
  const subject = peer?.chain[0]?.subject.label;
  const weak = weakPoints(established).map(({ id }) => id);
  return printable(
    [
      prefix(socket),
      version,
      cipherSuiteName(cipherSuite),
      keyExchangeText(established),
      ...(serverName === undefined ? [] : [`name=${serverName}`]),
      ...(applicationProtocol === undefined ? [] : [`protocol=${applicationProtocol}`]),
      ...(resumed ? ['resumed'] : []),
      ...(earlyData === 'accepted' ? ['early-data'] : []),
      ...(pskIdentity === undefined ? [] : [`psk=${Buffer.from(pskIdentity).toString('latin1')}`]),
      ...(subject === undefined ? [] : [`client="${subject}"`]),
      ...(weak.length === 0 ? [] : [`weak=${weak.join(',')}`]),
    ].join(' '),
  );
}

/** A connection that failed, and why. */
export function failureLine(socket: TLSSocket, reason: string): string {
  return printable(`${prefix(socket)} failed: ${reason}`);
}
