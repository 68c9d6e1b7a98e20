/** The page that shows visitors their own handshake. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cipherSuiteName, type Established, signatureSchemeName } from 'handfast';
import { TLSSocket } from 'handfast/node';
import { keyExchangeText } from '../render/key-exchange.ts';
import { pad, printable } from '../render/layout.ts';
import { weakPoints } from '../render/weak-points.ts';

/** Pairs of what and how. */
type Rows = readonly (readonly [string, string])[];

/** What the server signed with; with RSA key transport it signs nothing. */
function ownProofText({ keyExchange, own }: Established): string {
  if (own?.signatureScheme !== undefined) return signatureSchemeName(own.signatureScheme);
  return keyExchange === 'RSA' ? 'none: the server decrypted your premaster secret' : 'none';
}

function rowsOf(socket: TLSSocket): Rows {
  const { established } = socket;
  if (established === undefined) return [];
  const { version, cipherSuite, serverName, applicationProtocol, peer } = established;
  return [
    ['version', version],
    ['cipher suite', cipherSuiteName(cipherSuite)],
    ['key exchange', keyExchangeText(established)],
    ['server name', serverName ?? 'none sent'],
    ['protocol', applicationProtocol ?? 'none named'],
    ['server signature', ownProofText(established)],
    ['your certificate', peer?.chain[0]?.subject.label ?? 'none shown'],
    ...weakPoints(established).map(({ sentence }) => ['what is weak', sentence] as const),
    ...established.choices.map(
      ({ what, chosen, reason }) => [`why this ${what}`, `${chosen}: ${reason}`] as const,
    ),
  ];
}

function asText(rows: Rows): string {
  const width = Math.max(...rows.map(([what]) => what.length)) + 2;
  const lines = rows.map(([what, how]) => `${pad(what, width)}${printable(how)}`);
  return `Your handshake\n\n${lines.join('\n')}\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

function asHtml(rows: Rows): string {
  const body = rows
    .map(([what, how]) => `<tr><th>${escaped(what)}</th><td>${escaped(how)}</td></tr>`)
    .join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Your handshake</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
  th { text-align: left; font-weight: 600; padding: .2rem 2rem .2rem 0; vertical-align: top; white-space: nowrap }
</style>
<h1>Your handshake</h1>
<table>
${body}
</table>
</html>
`;
}

/** Answers every request with the handshake of its connection: as HTML for browsers, as text for the rest. */
export function statusListener(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  const rows = socket instanceof TLSSocket ? rowsOf(socket) : [];
  const html = request.headers.accept?.includes('text/html') ?? false;
  response.writeHead(200, {
    'content-type': `text/${html ? 'html' : 'plain'}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  response.end(html ? asHtml(rows) : asText(rows));
}
