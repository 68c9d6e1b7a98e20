/** Which application protocols (ALPN) a server speaks. */
import type { ScanContext } from './context.ts';
import { accepted, choiceOf, exhaust, orderOf } from './enumerate.ts';
import type { Accepted, VersionFacts } from './facts.ts';
import type { Flight } from './flight.ts';
import { wholeHandshake } from './whole.ts';

/**
 * Names of the IANA registry that one meets. `acme-tls/1` is not among them, since it makes a server show a certificate
 * that is for the authority only (RFC 8737).
 */
const PROTOCOLS: readonly string[] = [
  ...['h2', 'http/1.1', 'http/1.0', 'http/0.9', 'h3', 'spdy/3.1', 'spdy/3', 'spdy/2', 'spdy/1'],
  ...['imap', 'pop3', 'smtp', 'managesieve', 'nntp', 'ftp', 'irc', 'xmpp-client', 'xmpp-server'],
  ...['dot', 'doq', 'mqtt', 'coap', 'postgresql', 'tds/8.0', 'grpc-exp', 'webrtc', 'c-webrtc'],
  ...['stun.turn', 'stun.nat-discovery', 'sip/2', 'ntske/1', 'radius/1.1', 'nnsp', 'sunrpc', 'smb', 'co'],
];

function protocolOf(flight: Flight): string | undefined {
  const { kind, hello } = flight.hello;
  const names = kind === 'ServerHello12' ? hello.extensions.applicationLayerProtocolNegotiation : undefined;
  const [name] = names ?? [];
  return name === undefined ? undefined : Buffer.from(name).toString('latin1');
}

/** Asks in the clear where an older version is spoken, else with whole TLS 1.3 handshakes. */
export async function askProtocols(
  context: ScanContext,
  versions: readonly VersionFacts[],
): Promise<Accepted<string>> {
  context.stage('application protocols');
  const older = versions.find(({ version, accepted: isAccepted }) => version === 'TLSv1.2' && isAccepted);
  const names = (indexes: readonly number[]): string[] => indexes.map((i) => PROTOCOLS[i] as string);
  const indexOf = (name: string | undefined): number | undefined => {
    const index = name === undefined ? -1 : PROTOCOLS.indexOf(name);
    return index < 0 ? undefined : index;
  };
  const ask = async (indexes: readonly number[]) => {
    if (older !== undefined) {
      const suites = older.suites.accepted.map(({ number }) => number);
      const offer = { version: 'TLSv1.2', suites, protocols: names(indexes) } as const;
      return choiceOf(await context.ask(offer), (flight) => indexOf(protocolOf(flight)));
    }
    const handshake = await wholeHandshake(context, { ALPNProtocols: names(indexes) });
    const value = indexOf(handshake?.protocol);
    if (handshake === undefined) return { kind: 'unknown' } as const;
    return value === undefined ? ({ kind: 'refused' } as const) : ({ kind: 'chosen', value } as const);
  };
  const candidates = PROTOCOLS.map((_, i) => i);
  const { chosen, complete } = await exhaust(candidates, ask);
  const found = chosen.map(({ value }) => value);
  return accepted(names(found), await orderOf(candidates, found, ask), complete);
}
