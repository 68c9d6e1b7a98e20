import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecordFramer } from 'handfast/record';
import { CipherSuite, clientHello, decode, ExtensionType, NamedGroup, SignatureScheme } from 'handfast/wire';
import { type Answer, bitLength, FlightReader } from '../src/scan/flight.ts';
import { helloRecord, type Offer, VERSIONS } from '../src/scan/hello.ts';
import { Ssl2Reader, ssl2HelloRecord } from '../src/scan/ssl2.ts';
import { SUITES } from '../src/scan/suites.ts';
import { portions } from '../src/scan/versions.ts';
import { alert, dheKeyExchange, ecdheKeyExchange, flight } from './support/scanned.ts';

function numberOf(name: string): number {
  const found = [...SUITES.values()].find((suite) => suite.name === name);
  assert.ok(found, name);
  return found.number;
}

function read(bytes: Uint8Array, chunk = bytes.length): Answer | undefined {
  const reader = new FlightReader();
  for (let at = 0; at < bytes.length; at += chunk) {
    const answer = reader.push(bytes.subarray(at, at + chunk));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function helloOf(offer: Offer, serverName?: string) {
  const framer = new RecordFramer();
  framer.push(helloRecord(offer, serverName));
  const record = framer.next();
  assert.ok(record);
  return { record, hello: decode(clientHello, 'ClientHello', record.fragment.subarray(4)) };
}

describe('the hellos of a scan', () => {
  test('offer one version, and what that version knows', () => {
    const legacy = VERSIONS.map((version) => {
      const { hello } = helloOf({ version, suites: [0x0005] }, 'localhost');
      return [version, hello.legacyVersion, hello.extensions.serverName, hello.extensions.supportedVersions];
    });
    assert.deepEqual(legacy, [
      ['TLSv1.3', 0x0303, 'localhost', [0x0304]],
      ['TLSv1.2', 0x0303, 'localhost', undefined],
      ['TLSv1.1', 0x0302, 'localhost', undefined],
      ['TLSv1.0', 0x0301, 'localhost', undefined],
      ['SSLv3', 0x0300, undefined, undefined],
    ]);
    const { hello, record } = helloOf({ version: 'SSLv3', suites: [0x0005] });
    assert.deepEqual(hello.extensions, {});
    assert.equal(record.version, 0x0300);
    assert.deepEqual(hello.cipherSuites, [0x0005, CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV]);
    assert.equal(
      helloOf({ version: 'TLSv1.1', suites: [5] }).hello.extensions.signatureAlgorithms,
      undefined,
    );
  });

  test('offer what they are told to', () => {
    const { hello } = helloOf({
      version: 'TLSv1.2',
      suites: [0xc02f, 0x009c],
      groups: [29],
      schemes: [0x0403],
      protocols: ['h2'],
      isFallback: true,
      relics: true,
    });
    const { extensions } = hello;
    assert.deepEqual(hello.cipherSuites, [0xc02f, 0x009c, 0x00ff, CipherSuite.TLS_FALLBACK_SCSV]);
    assert.deepEqual(extensions.supportedGroups, [29]);
    assert.deepEqual(extensions.signatureAlgorithms, [0x0403]);
    assert.ok((extensions.signatureAlgorithmsCert?.length ?? 0) > 10);
    assert.equal(Buffer.from(extensions.applicationLayerProtocolNegotiation?.[0] ?? []).toString(), 'h2');
    assert.deepEqual([...hello.legacyCompressionMethods], [1, 0]);
    assert.ok(extensions.unknown?.some(({ type }) => type === ExtensionType.heartbeat));
    assert.deepEqual(helloOf({ version: 'TLSv1.3', suites: [0x1301] }).hello.extensions.keyShare, []);
  });

  test('have no length that makes load balancers hang', () => {
    for (let count = 1; count <= 120; count++) {
      for (const version of ['TLSv1.3', 'TLSv1.2', 'TLSv1.0'] as const) {
        const suites = portions('TLSv1.2').flat().slice(0, count);
        const { record } = helloOf({ version, suites, groups: [29], schemes: [0x0403] }, 'a.example');
        assert.ok(record.fragment.length < 256 || record.fragment.length > 511, `${record.fragment.length}`);
      }
    }
  });
});

describe('the answer to a hello', () => {
  const suite = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
  const chain = [Uint8Array.of(1, 2, 3)];

  test('is read however it is cut', () => {
    const keyExchange = ecdheKeyExchange(NamedGroup.x25519, SignatureScheme.rsa_pss_rsae_sha256);
    const bytes = flight({ version: 'TLSv1.2', suite, chain, keyExchange });
    for (const chunk of [1, 2, 5, 100, bytes.length]) {
      const answer = read(bytes, chunk);
      assert.equal(answer?.kind, 'flight');
      assert.equal(answer.version, 'TLSv1.2');
      assert.equal(answer.suite, suite);
      assert.deepEqual(answer.chain, chain);
      assert.equal(answer.keyExchange?.group, NamedGroup.x25519);
      assert.equal(answer.keyExchange?.scheme, SignatureScheme.rsa_pss_rsae_sha256);
    }
    assert.equal(read(bytes.subarray(0, -1)), undefined);
  });

  test('may bring a staple, and ask for a certificate', () => {
    const ocspResponse = Uint8Array.of(1, 2, 3);
    const plain = read(flight({ version: 'TLSv1.1', suite, chain }));
    assert.ok(plain?.kind === 'flight' && !plain.asksForCertificate && plain.ocspResponse === undefined);
    const more = read(flight({ version: 'TLSv1.1', suite, chain, ocspResponse, asksForCertificate: true }));
    assert.ok(more?.kind === 'flight' && more.asksForCertificate);
    assert.deepEqual(more.ocspResponse, ocspResponse);
  });

  test('tells the key exchange of every kind of suite', () => {
    const hint = Buffer.from('0003616263', 'hex');
    const curve = ecdheKeyExchange(NamedGroup.secp256r1);
    const exportKey = Buffer.concat([
      Buffer.from('0040', 'hex'),
      Buffer.alloc(64, 0xff),
      Buffer.from('000103', 'hex'),
    ]);
    const cases: readonly (readonly [string, 'TLSv1.2' | 'TLSv1.0', Uint8Array, object | undefined])[] = [
      ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'TLSv1.0', curve, { group: NamedGroup.secp256r1 }],
      ['TLS_ECDH_anon_WITH_AES_128_CBC_SHA', 'TLSv1.2', curve, { group: NamedGroup.secp256r1 }],
      [
        'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA',
        'TLSv1.2',
        Buffer.concat([hint, curve]),
        { group: NamedGroup.secp256r1 },
      ],
      ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA', 'TLSv1.0', dheKeyExchange(1024), { bits: 1024 }],
      ['TLS_DH_anon_WITH_AES_128_CBC_SHA', 'TLSv1.2', dheKeyExchange(512), { bits: 512 }],
      [
        'TLS_DHE_PSK_WITH_AES_128_CBC_SHA',
        'TLSv1.2',
        Buffer.concat([hint, dheKeyExchange(2048)]),
        { bits: 2048 },
      ],
      ['TLS_RSA_EXPORT_WITH_RC4_40_MD5', 'TLSv1.0', exportKey, { bits: 512 }],
      ['TLS_SRP_SHA_WITH_AES_128_CBC_SHA', 'TLSv1.0', Buffer.from('00', 'hex'), undefined],
    ];
    for (const [name, version, keyExchange, facts] of cases) {
      const answer = read(flight({ version, suite: numberOf(name), keyExchange }));
      assert.equal(answer?.kind, 'flight', name);
      if (facts === undefined) {
        assert.equal(answer.keyExchange, undefined, name);
        continue;
      }
      const { publicKey: _key, ...found } = answer.keyExchange ?? { publicKey: '' };
      assert.deepEqual(found, facts, name);
    }
  });

  test('may be an alert; a warning goes before the hello', () => {
    assert.deepEqual(read(alert('handshake_failure')), { kind: 'alert', description: 40 });
    assert.deepEqual(read(alert('close_notify', 1)), { kind: 'closed' });
    const warned = Buffer.concat([alert('unrecognized_name', 1), flight({ version: 'TLSv1.2', suite })]);
    assert.equal(read(warned)?.kind, 'flight');
  });

  test('that breaks the rules is told as such', () => {
    const good = flight({ version: 'TLSv1.2', suite, chain });
    const helloLength = 5 + good.readUInt16BE(3);
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /HTTP/],
      ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), /SSH/],
      ['noise', Buffer.alloc(64, 0xa5), /does not speak TLS/],
      ['a record that is too long', Buffer.from('1603037fff', 'hex'), /at most 16384 bytes/],
      ['a message that is too long', Buffer.from('160303000402ffffff', 'hex'), /at most 65536 bytes/],
      ['an empty record', Buffer.from('1603030000', 'hex'), /without content/],
      ['application data', Buffer.from('170303000100', 'hex'), /expected the server's hello/],
      ['a Certificate first', good.subarray(helloLength), /./],
      ['a second hello', Buffer.concat([good.subarray(0, helloLength), good]), /expected ServerHelloDone/],
      ['a version of its own', Buffer.from(good).fill(0x05, 9, 10), /expected a version from SSLv3/],
      ['a cut hello', Buffer.from('16030300060200000203030000', 'hex'), /ServerHello/],
    ];
    for (const [what, bytes, message] of cases) {
      const answer = read(bytes);
      assert.equal(answer?.kind, 'garbled', what);
      assert.match(answer.error.message, message, what);
    }
  });

  test('numbers are counted without leading zeros', () => {
    assert.equal(bitLength(Uint8Array.of(0, 0, 1)), 1);
    assert.equal(bitLength(Uint8Array.of(0x80, 0)), 16);
    assert.equal(bitLength(Uint8Array.of(0, 0)), 0);
    assert.equal(bitLength(new Uint8Array(0)), 0);
  });
});

describe('SSL 2.0', () => {
  test('has a hello of its own', () => {
    const bytes = Buffer.from(ssl2HelloRecord());
    assert.equal(bytes.readUInt16BE(0), 0x8000 + bytes.length - 2);
    assert.equal(bytes.subarray(2, 11).toString('hex'), '010002001500000010');
  });

  test('a server answers with its cipher kinds', () => {
    const body = Buffer.concat([
      Buffer.from('0400010002000400060004', 'hex'),
      Buffer.from('0a0b0c0d', 'hex'),
      Buffer.from('010080ffffff', 'hex'),
      Buffer.alloc(4),
    ]);
    const bytes = Buffer.concat([Buffer.from([0x80, body.length]), body]);
    const expected = { kind: 'hello', cipherKinds: ['SSL_CK_RC4_128_WITH_MD5', '0xffffff'] };
    const reader = new Ssl2Reader();
    for (const byte of bytes.subarray(0, -1)) assert.equal(reader.push(Uint8Array.of(byte)), undefined);
    assert.deepEqual(reader.push(bytes.subarray(-1)), expected);
  });

  test('anything else is a refusal', () => {
    for (const bytes of [
      alert('protocol_version'),
      Buffer.from('800304000', 'hex'),
      Buffer.from('HTTP/1.1 400'),
      Buffer.from('800b0400010002ffffffffffff', 'hex'),
      Buffer.from('80'),
    ]) {
      const answer = new Ssl2Reader().push(bytes);
      assert.ok(answer === undefined || answer.kind === 'refused', bytes.toString('hex'));
    }
  });
});
