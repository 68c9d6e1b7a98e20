/** What the messages' decoders refuse, and what they keep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ascii, concat, fromHex, toHex } from '../../src/wire/bytes.ts';
import { type Codec, decode, encode } from '../../src/wire/codec.ts';
import type { TlsErrorCode } from '../../src/wire/errors.ts';
import { type ExtensionContext, extensionBlock } from '../../src/wire/extensions/block.ts';
import { EXTENSIONS } from '../../src/wire/extensions/index.ts';
import { clientHello } from '../../src/wire/messages/client-hello.ts';
import {
  decodeServerHello,
  HELLO_RETRY_REQUEST_RANDOM,
  serverHello12,
} from '../../src/wire/messages/server-hello.ts';
import { ExtensionType } from '../../src/wire/registry.ts';
import { be, block, codeOf, ext, MESSAGES, sampleSource } from './support.ts';

const { server_name, key_share, supported_versions, pre_shared_key, cookie } = ExtensionType;
const alpn = ExtensionType.application_layer_protocol_negotiation;
const psk = (identities: string, binders: string): string =>
  ext(pre_shared_key, be(identities.length / 2, 2) + identities + be(binders.length / 2, 2) + binders);
const IDENTITY = `0001aa${'00000000'}`;
const BINDER = `20${'00'.repeat(32)}`;
const PSK = psk(IDENTITY, BINDER);

const BLOCKS: readonly (readonly [
  what: string,
  message: ExtensionContext,
  extensions: readonly string[],
  TlsErrorCode | 'accepted',
])[] = [
  // The block
  [
    'an extension twice',
    'ClientHello',
    [ext(cookie, '000107'), ext(cookie, '000107')],
    'ERR_DUPLICATE_EXTENSION',
  ],
  [
    'an unknown extension twice',
    'ClientHello',
    [ext(0xff77, ''), ext(0xff77, '')],
    'ERR_DUPLICATE_EXTENSION',
  ],
  ['two unknown extensions', 'ClientHello', [ext(0xff77, ''), ext(0xff78, '01')], 'accepted'],
  ['GREASE extensions', 'ClientHello', [ext(0x0a0a, ''), ext(0xfafa, '00')], 'accepted'],
  ['half an extension header', 'ClientHello', ['002c00'], 'ERR_DECODE'],
  ['an extension longer than its block', 'ClientHello', ['002c0009000107'], 'ERR_DECODE'],
  ['data beyond the struct', 'ClientHello', [ext(cookie, '00010700')], 'ERR_DECODE'],
  [
    'data in an extension without a struct',
    'ClientHello',
    [ext(ExtensionType.post_handshake_auth, '00')],
    'ERR_DECODE',
  ],
  // Places (RFC 9846 section 4.3)
  ['key_share in EncryptedExtensions', 'EncryptedExtensions', [ext(key_share, '')], 'ERR_ILLEGAL_PARAMETER'],
  ['server_name in a ServerHello', 'ServerHello', [ext(server_name, '')], 'ERR_ILLEGAL_PARAMETER'],
  ['ALPN in a ServerHello', 'ServerHello', [ext(alpn, '0003026832')], 'ERR_ILLEGAL_PARAMETER'],
  ['ALPN in a TLS 1.2 ServerHello', 'ServerHello12', [ext(alpn, '0003026832')], 'accepted'],
  [
    'pre_shared_key in a HelloRetryRequest',
    'HelloRetryRequest',
    [ext(pre_shared_key, '0000')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  ['cookie in a ServerHello', 'ServerHello', [ext(cookie, '000107')], 'ERR_ILLEGAL_PARAMETER'],
  ['cookie in a Certificate', 'Certificate', [ext(cookie, '000107')], 'ERR_ILLEGAL_PARAMETER'],
  [
    'supported_versions in a CertificateRequest',
    'CertificateRequest',
    [ext(supported_versions, '0304')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  ['ALPN in a NewSessionTicket', 'NewSessionTicket', [ext(alpn, '0003026832')], 'ERR_ILLEGAL_PARAMETER'],
  [
    'oid_filters in a ClientHello',
    'ClientHello',
    [ext(ExtensionType.oid_filters, '0000')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  // pre_shared_key
  ['pre_shared_key last', 'ClientHello', [ext(cookie, '000107'), PSK], 'accepted'],
  [
    'pre_shared_key before a known extension',
    'ClientHello',
    [PSK, ext(cookie, '000107')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  [
    'pre_shared_key before an unknown extension',
    'ClientHello',
    [PSK, ext(0xff77, '')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  [
    'pre_shared_key anywhere in a ServerHello',
    'ServerHello',
    [ext(pre_shared_key, '0000'), ext(supported_versions, '0304')],
    'accepted',
  ],
  [
    'more identities than binders',
    'ClientHello',
    [psk(IDENTITY + IDENTITY, BINDER)],
    'ERR_ILLEGAL_PARAMETER',
  ],
  ['more binders than identities', 'ClientHello', [psk(IDENTITY, BINDER + BINDER)], 'ERR_ILLEGAL_PARAMETER'],
  ['a binder of 31 bytes', 'ClientHello', [psk(IDENTITY, `1f${'00'.repeat(31)}`)], 'ERR_DECODE'],
  ['an empty identity', 'ClientHello', [psk('000000000000', BINDER)], 'ERR_DECODE'],
  // server_name (RFC 6066 section 3)
  ['a host name', 'ClientHello', [ext(server_name, `000a000007${toHex(ascii('a.b-c_d'))}`)], 'accepted'],
  ['no host name', 'ClientHello', [ext(server_name, '')], 'ERR_DECODE'],
  ['an empty list of names', 'ClientHello', [ext(server_name, '0000')], 'ERR_DECODE'],
  ['an empty host name', 'ClientHello', [ext(server_name, '0003000000')], 'ERR_DECODE'],
  ['a name of another type', 'ClientHello', [ext(server_name, '000401000161')], 'ERR_DECODE'],
  ['two host names', 'ClientHello', [ext(server_name, '00080000016100000162')], 'ERR_DECODE'],
  ['a host name with a zero byte', 'ClientHello', [ext(server_name, '0006000003610062')], 'ERR_DECODE'],
  ['a host name with a dot at its end', 'ClientHello', [ext(server_name, '0005000002612e')], 'ERR_DECODE'],
  ['a host name beyond ASCII', 'ClientHello', [ext(server_name, '0005000002c3a4')], 'ERR_DECODE'],
  [
    'a host name of 256 bytes',
    'ClientHello',
    [ext(server_name, `0103000100${'61'.repeat(256)}`)],
    'ERR_DECODE',
  ],
  [
    'a host name in EncryptedExtensions',
    'EncryptedExtensions',
    [ext(server_name, '000400000161')],
    'ERR_DECODE',
  ],
  ['an empty server_name in EncryptedExtensions', 'EncryptedExtensions', [ext(server_name, '')], 'accepted'],
  // Application-Layer Protocol Negotiation (RFC 7301)
  ['ALPN without protocols', 'ClientHello', [ext(alpn, '0000')], 'ERR_DECODE'],
  ['ALPN with an empty protocol', 'ClientHello', [ext(alpn, '000400026832')], 'ERR_DECODE'],
  ['ALPN with a protocol cut short', 'ClientHello', [ext(alpn, '0003036832')], 'ERR_DECODE'],
  ['ALPN with one protocol, selected', 'EncryptedExtensions', [ext(alpn, '0003026832')], 'accepted'],
  [
    'ALPN with two protocols, selected',
    'EncryptedExtensions',
    [ext(alpn, '0006026832026833')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  // key_share (RFC 9846 section 4.3.8)
  ['no key shares, to ask for a HelloRetryRequest', 'ClientHello', [ext(key_share, '0000')], 'accepted'],
  ['an empty key share', 'ClientHello', [ext(key_share, '0004001d0000')], 'ERR_DECODE'],
  ['a share of an unknown group', 'ClientHello', [ext(key_share, '00057a7a000101')], 'accepted'],
  [
    'two shares of one group',
    'ClientHello',
    [ext(key_share, '000a001d000101001d000102')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  ['two shares in a ServerHello', 'ServerHello', [ext(key_share, '001d0001010017000101')], 'ERR_DECODE'],
  ['a share in a HelloRetryRequest', 'HelloRetryRequest', [ext(key_share, '001d000101')], 'ERR_DECODE'],
  // Lists of numbers
  ['no versions', 'ClientHello', [ext(supported_versions, '00')], 'ERR_DECODE'],
  ['an odd number of version bytes', 'ClientHello', [ext(supported_versions, '03030403')], 'ERR_DECODE'],
  ['255 version bytes', 'ClientHello', [ext(supported_versions, `ff${'03'.repeat(255)}`)], 'ERR_DECODE'],
  ['254 version bytes', 'ClientHello', [ext(supported_versions, `fe${'03'.repeat(254)}`)], 'accepted'],
  ['no groups', 'ClientHello', [ext(ExtensionType.supported_groups, '0000')], 'ERR_DECODE'],
  [
    'an odd number of group bytes',
    'ClientHello',
    [ext(ExtensionType.supported_groups, '0003001d00')],
    'ERR_DECODE',
  ],
  ['no signature schemes', 'ClientHello', [ext(ExtensionType.signature_algorithms, '0000')], 'ERR_DECODE'],
  [
    'no signature schemes in a request',
    'CertificateRequest',
    [ext(ExtensionType.signature_algorithms, '0000')],
    'ERR_DECODE',
  ],
  ['no PSK modes', 'ClientHello', [ext(ExtensionType.psk_key_exchange_modes, '00')], 'ERR_DECODE'],
  ['an unknown PSK mode', 'ClientHello', [ext(ExtensionType.psk_key_exchange_modes, '0177')], 'accepted'],
  [
    'an empty distinguished name',
    'CertificateRequest',
    [ext(ExtensionType.certificate_authorities, '00020000')],
    'ERR_DECODE',
  ],
  ['an empty cookie', 'HelloRetryRequest', [ext(cookie, '0000')], 'ERR_DECODE'],
  // Certificate status and timestamps
  ['an OCSP response', 'Certificate', [ext(ExtensionType.status_request, '0100000130')], 'accepted'],
  ['an empty OCSP response', 'Certificate', [ext(ExtensionType.status_request, '01000000')], 'ERR_DECODE'],
  [
    'a status of another type',
    'Certificate',
    [ext(ExtensionType.status_request, '0200000130')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  [
    'a request for a status of another type',
    'ClientHello',
    [ext(ExtensionType.status_request, '02aabb')],
    'accepted',
  ],
  [
    'a status in EncryptedExtensions',
    'EncryptedExtensions',
    [ext(ExtensionType.status_request, '')],
    'ERR_ILLEGAL_PARAMETER',
  ],
  [
    'an empty list of timestamps',
    'Certificate',
    [ext(ExtensionType.signed_certificate_timestamp, '0000')],
    'ERR_DECODE',
  ],
  [
    'an empty timestamp',
    'Certificate',
    [ext(ExtensionType.signed_certificate_timestamp, '00020000')],
    'ERR_DECODE',
  ],
  ['early_data without its size', 'NewSessionTicket', [ext(ExtensionType.early_data, '')], 'ERR_DECODE'],
  [
    'early_data with a size in a ClientHello',
    'ClientHello',
    [ext(ExtensionType.early_data, '00000001')],
    'ERR_DECODE',
  ],
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

test('each extension is refused in every message that the table does not name', () => {
  const contexts = [
    'ClientHello',
    'ServerHello',
    'HelloRetryRequest',
    'EncryptedExtensions',
    'CertificateRequest',
    'Certificate',
    'NewSessionTicket',
  ] as const;
  for (const [name, { type, in: where }] of Object.entries(EXTENSIONS)) {
    for (const context of contexts) {
      if (context in where) continue;
      const codec = extensionBlock(context) as Codec<unknown>;
      assert.equal(
        codeOf(() => decode(codec, context, block(ext(type, '')))),
        'ERR_ILLEGAL_PARAMETER',
        `${name} in ${context}`,
      );
    }
  }
});

test('errors name the extension and the place', () => {
  const bytes = block(ext(cookie, '000107'), ext(key_share, '0009001d000101001e0000'));
  assert.throws(() => decode(extensionBlock('ClientHello'), 'Block', bytes), {
    code: 'ERR_DECODE',
    message:
      /^Block\.keyShare\[1\]\.keyExchange: expected a length of 1 to 65535 bytes, found 0 \(at byte \d+\)$/,
  });
  assert.throws(() => decode(extensionBlock('ClientHello'), 'Block', block(ext(cookie, '00010700'))), {
    message: /^Block\.cookie: 1 byte left over at its end/,
  });
});

// Some are empty, and Finished takes whatever there is: the key schedule knows its length.
const WITHOUT_FIELDS = ['EndOfEarlyData', 'HelloRequest', 'ServerHelloDone'];
const WITH_END = [...MESSAGES].filter(([name]) => ![...WITHOUT_FIELDS, 'Finished'].includes(name));
/** What old clients and servers may end before the extensions. */
const OLD_HELLOS = ['ClientHello', 'ServerHello12'];

test('no message may have a byte too many', () => {
  for (const [name, codec] of [...MESSAGES].filter(([name]) => name !== 'Finished')) {
    for (let seed = 0; seed < 20; seed++) {
      const bytes = encode(codec, codec.sample(sampleSource(seed)));
      assert.equal(
        codeOf(() => decode(codec, name, concat(bytes, Uint8Array.of(0)))),
        'ERR_DECODE',
        name,
      );
    }
  }
});

test('no message may lack its end, wherever it is cut', () => {
  for (const [name, codec] of WITH_END) {
    for (let seed = 0; seed < 10; seed++) {
      const bytes = encode(codec, codec.sample(sampleSource(seed)));
      for (let length = 0; length < bytes.length; length++) {
        const code = codeOf(() => decode(codec, name, bytes.slice(0, length)));
        const isOld =
          code === 'accepted' && OLD_HELLOS.includes(name) && hasNoBlock(name, codec, bytes.slice(0, length));
        assert(code === 'ERR_DECODE' || isOld, `${name} of ${bytes.length} bytes cut to ${length}: ${code}`);
      }
    }
  }
});

function hasNoBlock(name: string, codec: Codec<unknown>, bytes: Uint8Array): boolean {
  const { extensions } = decode(codec, name, bytes) as { extensions: object };
  return Object.keys(extensions).length === 0;
}

test('unknown numbers survive in every list and field that can hold them', () => {
  const value = {
    legacyVersion: 0x7a7a,
    random: new Uint8Array(32),
    legacySessionId: new Uint8Array(0),
    cipherSuites: [0x1a1a, 0x1301, 0xfefe],
    legacyCompressionMethods: Uint8Array.of(0, 0x40),
    extensions: {
      supportedVersions: [0x7f1c, 0x0304],
      supportedGroups: [0x6a6a, 0x9999],
      signatureAlgorithms: [0x0000, 0xeeee],
      keyShare: [{ group: 0xbaba, keyExchange: Uint8Array.of(0) }],
      unknown: [{ type: 0xeaea, data: Uint8Array.of(1, 2) }],
      order: [0xeaea, 43, 10, 13, 51],
    },
  };
  assert.deepEqual(decode(clientHello, 'ClientHello', encode(clientHello, value)), value);
});

test('an old hello without an extension block is not one with an empty block', () => {
  const start = concat(fromHex('0303'), new Uint8Array(32));
  const hellos = [
    ['ClientHello', clientHello, concat(start, fromHex('00 0002 002f 01 00'))],
    ['ServerHello', serverHello12, concat(start, fromHex('00 002f 00'))],
  ] as readonly (readonly [string, Codec<{ readonly extensions: object }>, Uint8Array])[];
  for (const [name, codec, bytes] of hellos) {
    const hello = decode(codec, name, bytes);
    assert.deepEqual(hello.extensions, {});
    assert.deepEqual(encode(codec, hello), bytes);
    const members = { extendedMasterSecret: undefined, unknown: undefined };
    assert.deepEqual(encode(codec, { ...hello, extensions: members }), bytes);
    const withBlock = concat(bytes, new Uint8Array(2));
    const other = decode(codec, name, withBlock);
    assert.deepEqual(other.extensions, { order: [] });
    assert.deepEqual(encode(codec, other), withBlock);
    assert.equal(
      codeOf(() => decode(codec, name, concat(bytes, Uint8Array.of(0)))),
      'ERR_DECODE',
    );
  }
});

test('a server_hello is told apart by its random, then by supported_versions', () => {
  const hello = (random: Uint8Array, ...extensions: readonly string[]): Uint8Array =>
    concat(fromHex('0303'), random, fromHex('00 1301 00'), block(...extensions));
  const version = ext(supported_versions, '0304');
  assert.equal(decodeServerHello(hello(new Uint8Array(32), version)).kind, 'ServerHello');
  assert.equal(decodeServerHello(hello(HELLO_RETRY_REQUEST_RANDOM, version)).kind, 'HelloRetryRequest');
  assert.equal(decodeServerHello(hello(HELLO_RETRY_REQUEST_RANDOM)).kind, 'HelloRetryRequest');
  assert.equal(decodeServerHello(hello(new Uint8Array(32))).kind, 'ServerHello12');
  assert.equal(decodeServerHello(hello(new Uint8Array(32)).subarray(0, -2)).kind, 'ServerHello12');
  // Which it is shows before anything in its extensions is judged.
  const oldName = ext(server_name, '00');
  assert.throws(() => decodeServerHello(hello(new Uint8Array(32), oldName)), { code: 'ERR_DECODE' });
  assert.throws(() => decodeServerHello(hello(new Uint8Array(32), oldName, version)), {
    code: 'ERR_ILLEGAL_PARAMETER',
  });
  // Each is then held to its own rules.
  const share = ext(key_share, '001d000101');
  assert.equal(
    codeOf(() => decodeServerHello(hello(new Uint8Array(32), version, share))),
    'accepted',
  );
  assert.equal(
    codeOf(() => decodeServerHello(hello(HELLO_RETRY_REQUEST_RANDOM, version, share))),
    'ERR_DECODE',
  );
  assert.equal(
    codeOf(() => decodeServerHello(hello(new Uint8Array(32), version, ext(alpn, '')))),
    'ERR_ILLEGAL_PARAMETER',
  );
  assert.equal(
    codeOf(() => decodeServerHello(hello(new Uint8Array(32), version, version))),
    'ERR_DUPLICATE_EXTENSION',
  );
});
