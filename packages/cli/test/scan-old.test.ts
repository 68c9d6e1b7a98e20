/** Servers of old, as puppets that answer from the book: what they accept is found by their hellos alone. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CipherSuite,
  type ClientHello,
  ExtensionType,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
} from 'handfast/wire';
import type { Version } from '../src/scan/hello.ts';
import { SUITES } from '../src/scan/suites.ts';
import { plainServer } from './support/peers.ts';
import {
  accepted,
  alert,
  dheKeyExchange,
  ecdheKeyExchange,
  type FlightOptions,
  flight,
  hello13,
  ids,
  pickSuite,
  puppet,
  scanned,
  suites,
} from './support/scanned.ts';

const LIMIT = { timeout: 30_000 };

function numberOf(name: string): number {
  const found = [...SUITES.values()].find((suite) => suite.name === name);
  assert.ok(found, name);
  return found.number;
}

/** The version of a hello before TLS 1.3. */
function versionOf(hello: ClientHello): Exclude<Version, 'TLSv1.3'> | undefined {
  if (hello.extensions.supportedVersions !== undefined) return undefined;
  const found = Object.entries(ProtocolVersion).find(([, number]) => number === hello.legacyVersion);
  return found?.[0] as Exclude<Version, 'TLSv1.3'> | undefined;
}

type Answer = (hello: ClientHello, version: Version, suite: number) => Partial<FlightOptions>;

/** A server with these versions and suites, its own order first. */
function oldServer(
  t: Parameters<typeof puppet>[0],
  versions: readonly Version[],
  names: readonly string[],
  more: Answer = () => ({}),
) {
  const known = names.map(numberOf);
  return puppet(t, (hello) => {
    const version = versionOf(hello);
    if (version === undefined || !versions.includes(version)) return alert('protocol_version');
    const suite = pickSuite(hello, known);
    return suite === undefined
      ? alert('handshake_failure')
      : flight({ version, suite, ...more(hello, version, suite) });
  });
}

describe('versions', () => {
  test('are told apart, each by its own hello', LIMIT, async (t) => {
    const all = ['TLSv1.2', 'TLSv1.1', 'TLSv1.0', 'SSLv3'] as const;
    for (const version of all) {
      const { port } = await oldServer(t, [version], ['TLS_RSA_WITH_AES_128_CBC_SHA']);
      assert.deepEqual(accepted(await scanned(port)), [version]);
    }
    const { port } = await oldServer(t, all, ['TLS_RSA_WITH_AES_128_CBC_SHA']);
    const facts = await scanned(port);
    assert.deepEqual(accepted(facts), all);
    const found = ids(facts);
    for (const id of ['version-sslv3', 'version-tlsv1.0', 'version-tlsv1.1', 'no-tls13']) {
      assert.ok(found.includes(id), id);
    }
  });

  test('are not accepted where the server answers with another', LIMIT, async (t) => {
    const { port } = await puppet(t, () => flight({ version: 'TLSv1.0', suite: 0x002f }));
    const facts = await scanned(port);
    assert.deepEqual(accepted(facts), ['TLSv1.0']);
    assert.equal(facts.versions[1]?.refusal, 'answers with TLSv1.0');
    assert.ok(ids(facts).includes('no-current-version'));
  });

  test('SSL 2.0 has its own hello', LIMIT, async (t) => {
    const port = await plainServer(t, (socket) => {
      socket.on('data', (bytes) => {
        if (bytes[0] !== 0x80) return socket.end();
        socket.write(Buffer.from('801204000100020004000300000a0b0c0d010080', 'hex'));
        return undefined;
      });
    });
    const facts = await scanned(port);
    assert.deepEqual(accepted(facts), ['SSLv2']);
    assert.deepEqual(facts.ssl2CipherKinds, ['SSL_CK_RC4_128_WITH_MD5']);
    assert.ok(ids(facts).includes('version-sslv2'));
  });
});

describe('TLS 1.3', () => {
  test('servers that want key shares in the first hello get them', LIMIT, async (t) => {
    const groups: readonly number[] = [NamedGroup.secp256r1, NamedGroup.x25519];
    const { port } = await puppet(t, (hello) => {
      const { keyShare = [], supportedVersions } = hello.extensions;
      if (supportedVersions === undefined) return alert('protocol_version');
      const share = groups.flatMap((group) => keyShare.filter((each) => each.group === group))[0];
      const suite = pickSuite(hello, [CipherSuite.TLS_AES_128_GCM_SHA256]);
      if (share === undefined) return alert('missing_extension');
      return suite === undefined ? alert('handshake_failure') : hello13(hello, suite, share.group);
    });
    const facts = await scanned(port);
    assert.deepEqual(accepted(facts), ['TLSv1.3']);
    assert.deepEqual(suites(facts, 'TLSv1.3'), ['TLS_AES_128_GCM_SHA256']);
    assert.deepEqual(facts.groups13, { accepted: ['secp256r1', 'x25519'], order: null, complete: true });
    // The puppet goes no further, which a whole handshake finds out.
    assert.equal(facts.tls13?.ok, false);
    assert.ok(ids(facts).includes('handshake-fails'));
  });
});

describe('cipher suites', () => {
  const names = [
    'TLS_RSA_WITH_RC4_128_SHA',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
    // In other portions of the offer than the three above.
    'TLS_DH_anon_WITH_AES_128_CBC_SHA',
    'TLS_RSA_EXPORT_WITH_RC4_40_MD5',
    'TLS_KRB5_WITH_DES_CBC_MD5',
  ];

  test("are found with the server's order, also over several hellos", LIMIT, async (t) => {
    const { port } = await oldServer(t, ['TLSv1.2'], names);
    const facts = await scanned(port);
    assert.deepEqual(suites(facts, 'TLSv1.2'), names);
    assert.equal(facts.versions[1]?.suites.order, 'server');
    const found = ids(facts);
    for (const id of ['rc4', 'anonymous-key-exchange', 'export-cipher', 'short-key', 'small-blocks']) {
      assert.ok(found.includes(id), id);
    }
    assert.ok(!found.includes('null-cipher'));
  });

  test("are found where the client's order decides", LIMIT, async (t) => {
    const known = new Set(names.map(numberOf));
    const { port } = await puppet(t, (hello) => {
      const suite = hello.cipherSuites.find((each) => known.has(each));
      return versionOf(hello) !== 'TLSv1.2' || suite === undefined
        ? alert('handshake_failure')
        : flight({ version: 'TLSv1.2', suite });
    });
    const facts = await scanned(port);
    assert.deepEqual(suites(facts, 'TLSv1.2').toSorted(), names.toSorted());
    assert.equal(facts.versions[1]?.suites.order, 'client');
    assert.ok(ids(facts).includes('client-order'));
  });

  test('a server without any common one is found all the same', LIMIT, async (t) => {
    const rare = ['TLS_PSK_WITH_AES_128_CCM_8', 'TLS_GOSTR341001_WITH_28147_CNT_IMIT'];
    const { port } = await oldServer(t, ['TLSv1.2'], rare);
    assert.deepEqual(suites(await scanned(port), 'TLSv1.2'), rare);
  });
});

describe('key exchange and signatures', () => {
  test('curves and schemes are asked for one after the other', LIMIT, async (t) => {
    const curves = [NamedGroup.secp256r1, NamedGroup.x25519, 19];
    const schemes = [SignatureScheme.rsa_pss_rsae_sha256, SignatureScheme.rsa_pkcs1_sha1];
    const suite = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
    const { port } = await puppet(t, (hello) => {
      const { supportedGroups = [], signatureAlgorithms = [] } = hello.extensions;
      const curve = curves.find((each) => supportedGroups.includes(each));
      const scheme = schemes.find((each) => signatureAlgorithms.includes(each));
      const isKnown = versionOf(hello) === 'TLSv1.2' && hello.cipherSuites.includes(suite);
      return !isKnown || curve === undefined || scheme === undefined
        ? alert('handshake_failure')
        : flight({ version: 'TLSv1.2', suite, keyExchange: ecdheKeyExchange(curve, scheme) });
    });
    const facts = await scanned(port);
    assert.deepEqual(facts.curves, {
      version: 'TLSv1.2',
      accepted: ['secp256r1', 'x25519', 'secp192r1'],
      order: 'server',
      complete: true,
    });
    assert.deepEqual(facts.schemes12?.accepted, ['rsa_pss_rsae_sha256', 'rsa_pkcs1_sha1']);
    const found = ids(facts);
    assert.ok(found.includes('weak-curve') && found.includes('sha1-signature'));
    assert.ok(!found.includes('ephemeral-key-reuse'));
  });

  test(
    'an ECDSA server that insists on the curve of its key shows the others beside it',
    LIMIT,
    async (t) => {
      const suite = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
      const known: readonly number[] = [NamedGroup.secp384r1, NamedGroup.secp256r1, NamedGroup.x25519];
      const { port } = await puppet(t, (hello) => {
        const { supportedGroups = [] } = hello.extensions;
        // Its key is on secp256r1: a client that does not know it is refused.
        const isKnown =
          versionOf(hello) === 'TLSv1.2' &&
          hello.cipherSuites.includes(suite) &&
          supportedGroups.includes(NamedGroup.secp256r1);
        const curve = known.find((each) => supportedGroups.includes(each));
        return !isKnown || curve === undefined
          ? alert('handshake_failure')
          : flight({ version: 'TLSv1.2', suite, keyExchange: ecdheKeyExchange(curve, 0x0403) });
      });
      const facts = await scanned(port);
      // x25519 comes after secp256r1 in its order, so that it is never chosen beside it.
      assert.deepEqual(facts.curves?.accepted, ['secp384r1', 'secp256r1']);
    },
  );

  test('the size of a finite field, and keys that are used again', LIMIT, async (t) => {
    const keyExchange = dheKeyExchange(1024);
    const { port } = await oldServer(t, ['TLSv1.0'], ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA'], () => ({
      keyExchange,
    }));
    const facts = await scanned(port);
    assert.equal(facts.versions[3]?.suites.accepted[0]?.bits, 1024);
    const found = ids(facts);
    assert.ok(found.includes('small-finite-field') && found.includes('ephemeral-key-reuse'));
    const small = await oldServer(t, ['TLSv1.0'], ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA'], () => ({
      keyExchange: dheKeyExchange(768),
    }));
    assert.ok(ids(await scanned(small.port)).includes('broken-finite-field'));
  });
});

describe('extensions', () => {
  const names = ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'];

  test('that are missing are found', LIMIT, async (t) => {
    const { port } = await oldServer(
      t,
      ['TLSv1.2', 'TLSv1.1'],
      names,
      ({ legacyCompressionMethods, extensions }) => ({
        ...(legacyCompressionMethods.includes(1) && { compression: 1 }),
        ...(extensions.unknown?.some(({ type }) => type === ExtensionType.heartbeat) && {
          extensions: { unknown: [{ type: ExtensionType.heartbeat, data: Uint8Array.of(1) }] },
        }),
      }),
    );
    const facts = await scanned(port);
    assert.deepEqual(facts.legacy, {
      secureRenegotiation: false,
      extendedMasterSecret: false,
      encryptThenMac: false,
      compression: true,
      heartbeat: true,
      sessionId: false,
      sessionTicket: false,
      fallbackScsv: false,
      downgradeSentinel: null,
      reusesEphemeralKeys: null,
    });
    const found = ids(facts);
    for (const id of [
      'insecure-renegotiation',
      'compression',
      'no-extended-master-secret',
      'no-fallback-scsv',
      'heartbeat',
      'cbc-mac-then-encrypt',
    ]) {
      assert.ok(found.includes(id), id);
    }
  });

  test('that are there are found too', LIMIT, async (t) => {
    const extensions = {
      renegotiationInfo: new Uint8Array(0),
      extendedMasterSecret: true,
      encryptThenMac: true,
      sessionTicket: true,
    } as const;
    const { port } = await puppet(t, (hello) => {
      const version = versionOf(hello);
      if (version !== 'TLSv1.2' && version !== 'TLSv1.1') return alert('protocol_version');
      if (version === 'TLSv1.1' && hello.cipherSuites.includes(CipherSuite.TLS_FALLBACK_SCSV)) {
        return alert('inappropriate_fallback');
      }
      const suite = pickSuite(hello, names.map(numberOf));
      const sessionId = Uint8Array.of(1, 2, 3);
      return suite === undefined
        ? alert('handshake_failure')
        : flight({ version, suite, sessionId, extensions });
    });
    const facts = await scanned(port);
    const { legacy } = facts;
    assert.ok(legacy.secureRenegotiation && legacy.extendedMasterSecret && legacy.encryptThenMac);
    assert.ok(legacy.sessionId && legacy.sessionTicket && legacy.fallbackScsv);
    assert.equal(legacy.compression, false);
    assert.equal(legacy.heartbeat, false);
    assert.ok(!ids(facts).includes('cbc-mac-then-encrypt'));
  });
});

describe('chains', () => {
  test('that cannot be read are told', LIMIT, async (t) => {
    const { port } = await oldServer(t, ['TLSv1.2'], ['TLS_RSA_WITH_AES_128_CBC_SHA'], () => ({
      chain: [Buffer.from('no certificate')],
    }));
    const facts = await scanned(port);
    assert.equal(facts.chains[0]?.key, 'unreadable');
    assert.match(facts.chains[0].verdict.sentence, /The chain cannot be read/);
    assert.ok(ids(facts).includes('certificate'));
  });
});
