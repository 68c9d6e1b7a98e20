/** What `handfast connect` says about a connection that was made. */
import { cipherSuiteName, type Established, signatureSchemeName } from 'handfast';
import type { TLSSocket } from 'handfast/node';
import { type Address, formatAddress } from '../address.ts';
import { keyExchangeText } from '../render/key-exchange.ts';
import { hanging, pad, printable } from '../render/layout.ts';
import type { Style } from '../render/style.ts';
import { shortVerdictLines } from '../render/verdict.ts';
import { weakPoints } from '../render/weak-points.ts';

const LABEL_WIDTH = 16;

/** What the server proved itself with; with RSA key transport it signs nothing. */
function serverProofText({ keyExchange, peer }: Established): string {
  if (peer?.signatureScheme !== undefined) return signatureSchemeName(peer.signatureScheme);
  return keyExchange === 'RSA' ? 'nothing: the server decrypted the premaster secret' : 'nothing';
}

function sessionText({ resumed, pskIdentity }: Established): string {
  if (resumed) return 'an earlier one goes on: the server was judged then';
  return pskIdentity === undefined
    ? 'a new one'
    : `both hold the key named '${Buffer.from(pskIdentity).toString('latin1')}'`;
}

const EARLY_DATA = {
  accepted: 'taken by the server before it had answered',
  rejected: 'refused by the server, and sent again after the handshake',
} as const;

export function summaryLines(style: Style, address: Address, socket: TLSSocket): string[] {
  const { paint, glyphs, width } = style;
  const { established, remoteAddress } = socket;
  if (established === undefined) return [];
  const item = (label: string, text: string): string[] =>
    hanging(`  ${paint('quiet', pad(label, LABEL_WIDTH))}`, printable(text), width);
  const { cipherSuite, applicationProtocol, peer, own, helloRetried, resumed, earlyData } = established;
  const at = remoteAddress === undefined || remoteAddress === address.host ? '' : ` (${remoteAddress})`;
  return [
    paint('title', `${glyphs.good} connected to ${formatAddress(address)}${at}`),
    ...item('version', established.version),
    ...item('cipher suite', cipherSuiteName(cipherSuite)),
    ...item(
      'key exchange',
      keyExchangeText(established) + (helloRetried ? ', after a HelloRetryRequest' : ''),
    ),
    ...(applicationProtocol === undefined ? [] : item('protocol', applicationProtocol)),
    ...item('session', sessionText(established)),
    ...(earlyData === undefined ? [] : item('early data', EARLY_DATA[earlyData])),
    ...(peer === undefined || resumed ? [] : item('signed with', serverProofText(established))),
    ...(own?.signatureScheme === undefined
      ? []
      : item('own certificate', `shown, signed with ${signatureSchemeName(own.signatureScheme)}`)),
    ...(peer === undefined ? [] : shortVerdictLines(style, peer.verdict)),
    ...weakPoints(established).flatMap(({ sentence }) =>
      hanging(`${paint('accent', glyphs.weak)} `, sentence, width),
    ),
  ];
}
