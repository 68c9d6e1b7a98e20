/** The extensions of TLS 1.2: what their decoders refuse, and where (RFC 5746, RFC 6066, RFC 7366, RFC 7627, RFC 8422). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Codec, decode, encode } from '../../src/wire/codec.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { type ExtensionContext, extensionBlock } from '../../src/wire/extensions/block.ts';
import { ExtensionType } from '../../src/wire/registry.ts';
import { block, codeOf, ext } from './support.ts';

const { server_name, key_share } = ExtensionType;
const alpn = ExtensionType.application_layer_protocol_negotiation;

const BLOCKS: readonly (readonly [
  what: string,
  message: ExtensionContext,
  extensions: readonly string[],
  TlsErrorCode | 'accepted',
])[] = [
  ['a name acknowledged', 'ServerHello12', [ext(server_name, '')], 'accepted'],
  ['a name told back', 'ServerHello12', [ext(server_name, '000400000161')], 'ERR_DECODE'],
  ['a status announced', 'ServerHello12', [ext(ExtensionType.status_request, '')], 'accepted'],
  ['a status in the hello', 'ServerHello12', [ext(ExtensionType.status_request, '0100000130')], 'ERR_DECODE'],
  ['two protocols, selected', 'ServerHello12', [ext(alpn, '0006026832026833')], 'ERR_ILLEGAL_PARAMETER'],
  ['no protocol, selected', 'ServerHello12', [ext(alpn, '0000')], 'ERR_DECODE'],
  [
    'timestamps',
    'ServerHello12',
    [ext(ExtensionType.signed_certificate_timestamp, '000400020102')],
    'accepted',
  ],
  ['no timestamps', 'ServerHello12', [ext(ExtensionType.signed_certificate_timestamp, '')], 'ERR_DECODE'],
  ['key_share, kept as it came', 'ServerHello12', [ext(key_share, '')], 'accepted'],
  [
    'an unknown extension twice',
    'ServerHello12',
    [ext(0xff77, ''), ext(0xff77, '')],
    'ERR_DUPLICATE_EXTENSION',
  ],
  ...(['ClientHello', 'ServerHello12'] as const).flatMap(
    (message) =>
      [
        ['extended_master_secret', message, [ext(ExtensionType.extended_master_secret, '')], 'accepted'],
        [
          'extended_master_secret with data',
          message,
          [ext(ExtensionType.extended_master_secret, '00')],
          'ERR_DECODE',
        ],
        ['encrypt_then_mac', message, [ext(ExtensionType.encrypt_then_mac, '')], 'accepted'],
        ['encrypt_then_mac with data', message, [ext(ExtensionType.encrypt_then_mac, '00')], 'ERR_DECODE'],
        ['an empty renegotiation_info', message, [ext(ExtensionType.renegotiation_info, '00')], 'accepted'],
        [
          'renegotiation_info with verify_data',
          message,
          [ext(ExtensionType.renegotiation_info, `18${'ab'.repeat(24)}`)],
          'accepted',
        ],
        [
          'renegotiation_info without its length',
          message,
          [ext(ExtensionType.renegotiation_info, '')],
          'ERR_DECODE',
        ],
        [
          'renegotiation_info cut short',
          message,
          [ext(ExtensionType.renegotiation_info, '02ab')],
          'ERR_DECODE',
        ],
        [
          'renegotiation_info too long',
          message,
          [ext(ExtensionType.renegotiation_info, '01abab')],
          'ERR_DECODE',
        ],
        ['no point formats', message, [ext(ExtensionType.ec_point_formats, '00')], 'ERR_DECODE'],
        [
          'point formats without their length',
          message,
          [ext(ExtensionType.ec_point_formats, '')],
          'ERR_DECODE',
        ],
        ['unknown point formats only', message, [ext(ExtensionType.ec_point_formats, '02f9fa')], 'accepted'],
        ['an empty session_ticket', message, [ext(ExtensionType.session_ticket, '')], 'accepted'],
      ] as const,
  ),
  ['a ticket', 'ClientHello', [ext(ExtensionType.session_ticket, '010203')], 'accepted'],
  ['a ticket in the hello', 'ServerHello12', [ext(ExtensionType.session_ticket, '010203')], 'ERR_DECODE'],
  ...[
    'extended_master_secret',
    'encrypt_then_mac',
    'renegotiation_info',
    'ec_point_formats',
    'session_ticket',
  ].map(
    (name) =>
      [
        `${name} in TLS 1.3`,
        'ServerHello',
        [ext(ExtensionType[name as keyof typeof ExtensionType], '')],
        'ERR_ILLEGAL_PARAMETER',
      ] as const,
  ),
];
for (const [what, message, extensions, code] of BLOCKS) {
  test(`${message}: ${what}: ${code}`, () => {
    const codec = extensionBlock(message) as Codec<unknown>;
    const bytes = block(...extensions);
    assert.equal(
      codeOf(() => decode(codec, message, bytes)),
      code,
    );
    if (code === 'accepted') assert.deepEqual(encode(codec, decode(codec, message, bytes)), bytes);
  });
}

test('what TLS 1.3 moved elsewhere stays raw in a hello of TLS 1.2', () => {
  const hello = decode(extensionBlock('ServerHello12'), 'Block', block(ext(key_share, '0102')));
  assert.deepEqual(hello, { unknown: [{ type: key_share, data: Uint8Array.of(1, 2) }], order: [key_share] });
});
