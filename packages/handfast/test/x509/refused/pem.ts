/** PEM that holds no certificates. */
import { readCertificates } from '../../../src/x509/pem.ts';
import { testPki } from '../../support/pki.ts';
import type { Refusal } from './refusal.ts';

const { server } = testPki();
const body = Array.from({ length: 3 }, () => 'MIIB'.repeat(16)).join('\n');
const block = (text: string, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;

const CASES: readonly (readonly [what: string, input: string | Uint8Array])[] = [
  ['nothing', ''],
  ['a file name', '/etc/ssl/cert.pem'],
  ['a key', server.keyPem],
  ['a block without its end', server.pem.slice(0, 200)],
  ['a block with another end', `-----BEGIN CERTIFICATE-----\n${body}\n-----END X-----\n`],
  ['a foreign character', block(body.replace(/^..../, 'M*!x'))],
  ['a foreign character further down', block(`${body}\n\u00e9`)],
  ['a missing character', block(body.slice(1))],
  ['a block inside another', `-----BEGIN CERTIFICATE-----\n${server.pem}`],
  ['padding in the middle', block(`AA==${body}`)],
  ['bits behind the end', block('AB==')],
  ['DER of something else', Uint8Array.of(0x30, 0)],
  ['an empty block', block('')],
  ['one good and one bad', server.pem + block('MAA=')],
];

export const PEM: readonly Refusal[] = CASES.map(([what, input]) => ({
  what,
  reason: 'option',
  parse: () => readCertificates(input, 'given'),
}));
