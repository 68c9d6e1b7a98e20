/** Texts that are neither host names nor IP addresses. */
import { parseHostName } from '../../../src/x509/host-name.ts';
import type { Refusal } from './refusal.ts';

const TEXTS: readonly string[] = [
  '',
  '.',
  'a..b',
  '.example.com',
  'example.com..',
  '-a.example',
  'a-.example',
  '*.example.com',
  'exa mple.com',
  'https://example.com',
  'example.com:443',
  'example.com\u0000.evil.example',
  '1.2.3',
  '1.2.3.256',
  'example.123',
  '[::1]',
  '::g',
  'b\u00fccher.example',
  // In lower case it is k, and the name another one.
  'ban\u212a.example',
  'example\u3002com',
  '127.0.0.1%lo',
  'fe80::1%',
  '127.1',
  '0x7f000001',
  '1.0x1',
  'example.0X',
  'xn--\u00fc.example',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(126)}ab`,
];

export const HOST_NAMES: readonly Refusal[] = [
  ...TEXTS.map(
    (text): Refusal => ({
      what: JSON.stringify(text),
      reason: 'option',
      parse: () => parseHostName(text, 'given'),
    }),
  ),
  { what: 'a number', reason: 'option', parse: () => parseHostName(5 as unknown as string, 'given') },
];
