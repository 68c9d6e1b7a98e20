/** What the hellos of TLS 1.2 settle beside suite and group: extensions that make it safe, staples, protocols, session ids. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../src/wire/errors.ts';
import type { ClientHello } from '../../src/wire/messages/client-hello.ts';
import type { ServerHello12 } from '../../src/wire/messages/server-hello.ts';
import { CipherSuite, ExtensionType } from '../../src/wire/registry.ts';
import { ILLEGAL, type Refusal, withExtensions, withRaw } from '../support/cheats.ts';
import { FLOWS_12, flow12, withMore } from '../support/flows12.ts';
import { assertRefusedBy, meet } from '../support/hellos12.ts';
import type { PairOptions } from '../support/pair.ts';

const ECDHE = FLOWS_12['ECDHE, AEAD'] as PairOptions;
const NO_EMS: Refusal = ['ERR_NO_EXTENDED_MASTER_SECRET', 'handshake_failure'];
const INSECURE: Refusal = ['ERR_INSECURE_RENEGOTIATION', 'handshake_failure'];
const EMPTY = new Uint8Array();
const BOOLEANS = [false, true] as const;

const without =
  (name: keyof ClientHello['extensions'] & keyof ServerHello12['extensions']) =>
  <M extends { readonly extensions: object }>(hello: M): M => {
    const { [name as never]: _, ...extensions } = hello.extensions as Record<string, unknown>;
    return { ...hello, extensions };
  };

// extended_master_secret (RFC 7627 sections 5.2 and 5.3)

for (const [name, flow] of Object.entries(FLOWS_12)) {
  test(`${name}: extended_master_secret, required or not by either side, sent or not by either side`, () => {
    for (const clientRequires of BOOLEANS) {
      for (const serverRequires of BOOLEANS) {
        for (const isSent of BOOLEANS) {
          for (const isAnswered of BOOLEANS) {
            const where = JSON.stringify({ clientRequires, serverRequires, isSent, isAnswered });
            const required = withMore(flow, {
              client: { requireExtendedMasterSecret: clientRequires },
              server: { requireExtendedMasterSecret: serverRequires },
            });
            const { pair, hellos } = meet(required, {
              ...(isSent ? {} : { client: without('extendedMasterSecret') }),
              ...(isAnswered ? {} : { server: without('extendedMasterSecret') }),
            });
            if (!isSent && serverRequires) {
              assertRefusedBy(pair, 'server', NO_EMS, where);
              continue;
            }
            const isUsed = isSent && isAnswered;
            assert.equal(hellos.server?.extensions.extendedMasterSecret, isUsed ? true : undefined, where);
            if (!isUsed && clientRequires) {
              assertRefusedBy(pair, 'client', NO_EMS, where);
              continue;
            }
            for (const side of ['client', 'server'] as const) {
              assert.equal(pair.establishedOn(side).extendedMasterSecret, isUsed, where);
              const exported = () => pair.side(side).exportKeyingMaterial('EXPORTER-test', undefined, 16);
              // RFC 7627 section 5.4: what is not bound to the handshake must not leave it.
              if (isUsed) assert.equal(exported().length, 16);
              else assert.throws(exported, ConfigError, where);
            }
          }
        }
      }
    }
  });
}

// renegotiation_info (RFC 5746 sections 3.4 to 3.6)

const SCSV = CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV;
const withScsv = (hello: ClientHello): ClientHello => ({
  ...hello,
  cipherSuites: [...hello.cipherSuites, SCSV],
});
const withInfo = (renegotiationInfo: Uint8Array) =>
  withExtensions<ClientHello>((extensions) => ({ ...extensions, renegotiationInfo }));
const verifyData = new Uint8Array(12).fill(1);

test('secure renegotiation as a client signals it, and as a server requires it', () => {
  for (const requireSecureRenegotiation of BOOLEANS) {
    const flow = withMore(ECDHE, {
      client: { requireSecureRenegotiation: false },
      server: { requireSecureRenegotiation },
    });
    for (const [how, client, isSignalled] of [
      ['by the extension', (hello: ClientHello) => hello, true],
      ['by the suite', (hello: ClientHello) => withScsv(without('renegotiationInfo')(hello)), true],
      ['by both', withScsv, true],
      ['not at all', without('renegotiationInfo'), false],
    ] as const) {
      const where = `${how}, ${requireSecureRenegotiation}`;
      const { pair, hellos } = meet(flow, { client });
      if (!isSignalled && requireSecureRenegotiation) {
        assertRefusedBy(pair, 'server', INSECURE, where);
        continue;
      }
      assert.deepEqual(hellos.server?.extensions.renegotiationInfo, isSignalled ? EMPTY : undefined, where);
      pair.establishedOn('server');
      pair.establishedOn('client');
    }
    // What only a second handshake may say is refused in a first one, whatever is required.
    for (const info of [verifyData, Uint8Array.of(0)]) {
      for (const client of [withInfo(info), (hello: ClientHello) => withScsv(withInfo(info)(hello))]) {
        assertRefusedBy(meet(flow, { client }).pair, 'server', INSECURE, `${info.length} bytes`);
      }
    }
  }
});

test('secure renegotiation as a server answers it, and as a client requires it', () => {
  for (const requireSecureRenegotiation of BOOLEANS) {
    const flow = withMore(ECDHE, { client: { requireSecureRenegotiation } });
    const absent = meet(flow, { server: without('renegotiationInfo') }).pair;
    if (requireSecureRenegotiation) assertRefusedBy(absent, 'client', INSECURE, 'absent');
    else absent.establishedOn('client');
    const server = withExtensions<ServerHello12>((extensions) => ({
      ...extensions,
      renegotiationInfo: verifyData,
    }));
    assertRefusedBy(meet(flow, { server }).pair, 'client', INSECURE, 'not empty');
  }
});

// ec_point_formats (RFC 8422 section 5.1.2)

test('ec_point_formats goes with elliptic curves, and has the uncompressed form', () => {
  for (const [name, flow] of Object.entries(FLOWS_12)) {
    const { pair, hellos } = meet(flow);
    pair.establishedOn('client');
    const expected = name.startsWith('ECDHE') ? [0] : undefined;
    assert.deepEqual(hellos.client?.extensions.ecPointFormats, expected, name);
    assert.deepEqual(hellos.server?.extensions.ecPointFormats, expected, name);
  }
  for (const [formats, isFine] of [
    [[0], true],
    [[1, 2, 0], true],
    [[0, 1, 2, 77], true],
    [[1], false],
    [[1, 2], false],
    [[77], false],
  ] as const) {
    const change = <M extends ClientHello | ServerHello12>(hello: M): M => ({
      ...hello,
      extensions: { ...hello.extensions, ecPointFormats: formats },
    });
    for (const [side, victim] of [
      ['client', 'server'],
      ['server', 'client'],
    ] as const) {
      const { pair } = meet(ECDHE, { [side]: change });
      if (isFine) pair.establishedOn(victim);
      else assertRefusedBy(pair, victim, ILLEGAL, `${formats}`);
    }
  }
  // A client that does not say how it writes points writes them uncompressed.
  const { pair, hellos } = meet(ECDHE, { client: without('ecPointFormats') });
  pair.establishedOn('server');
  assert.equal(hellos.server?.extensions.ecPointFormats, undefined);
});

// encrypt_then_mac (RFC 7366 sections 2 and 3)

test('encrypt_then_mac is offered where CBC is, answered where CBC is chosen, and used where it is answered', () => {
  for (const suite of [
    'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
    'TLS_RSA_WITH_AES_256_CBC_SHA256',
    'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  ] as const) {
    const isCbc = suite.includes('CBC');
    // The client offers both kinds, the server takes one.
    const flow = withMore(flow12(suite), {
      client: { cipherSuites: [CipherSuite[suite], CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384] },
    });
    for (const isSent of BOOLEANS) {
      for (const isAnswered of BOOLEANS) {
        const { pair, hellos } = meet(flow, {
          ...(isSent ? {} : { client: without('encryptThenMac') }),
          ...(isAnswered ? {} : { server: without('encryptThenMac') }),
        });
        const isUsed = isCbc && isSent && isAnswered;
        assert.equal(hellos.server?.extensions.encryptThenMac, isUsed ? true : undefined);
        pair.client.send(Uint8Array.of(1, 2, 3));
        pair.run();
        assert.deepEqual(pair.dataOf('server'), Uint8Array.of(1, 2, 3));
        // 16 bytes of IV, 3 of data, a MAC, and padding up to a whole block: inside or outside of the MAC.
        const length = pair.sent.client.at(-1)?.length ?? 0;
        const [macLength, block] = [suite.endsWith('256') ? 32 : 20, 16];
        const inside = Math.ceil((3 + macLength + 1) / block) * block;
        const outside = block + macLength;
        if (isCbc) assert.equal(length, 5 + 16 + (isUsed ? outside : inside));
      }
    }
    if (isCbc) continue;
    const answered = withExtensions<ServerHello12>((extensions) => ({ ...extensions, encryptThenMac: true }));
    const { pair } = meet(flow, { server: answered });
    assertRefusedBy(pair, 'client', ILLEGAL, suite);
    assert.match(pair.client.error?.message ?? '', /encrypt_then_mac does not go with TLS_DHE_RSA/);
  }
  assert.equal(meet(ECDHE).hellos.client?.extensions.encryptThenMac, undefined);
});

// Application protocols, names, staples

test('application protocol and server name are settled as in TLS 1.3', () => {
  for (const [name, flow] of Object.entries(FLOWS_12)) {
    const { pair, hellos } = meet(
      withMore(flow, {
        client: { applicationProtocols: ['http/1.1', 'h2'] },
        server: { applicationProtocols: ['h2', 'http/1.1'] },
      }),
    );
    for (const side of ['client', 'server'] as const) {
      const { applicationProtocol, serverName } = pair.establishedOn(side);
      assert.deepEqual([applicationProtocol, serverName], ['h2', 'localhost'], name);
    }
    assert.equal(hellos.server?.extensions.serverName, true);
  }
  const silent = meet({ ...ECDHE, target: { name: 'localhost', sendServerName: false } });
  assert.equal(silent.hellos.server?.extensions.serverName, undefined);
  assert.equal(silent.pair.establishedOn('server').serverName, undefined);
  const refused = withMore(ECDHE, {
    client: { applicationProtocols: ['h3'] },
    server: { applicationProtocols: ['h2'] },
  });
  assertRefusedBy(
    meet(refused).pair,
    'server',
    ['ERR_NO_APPLICATION_PROTOCOL', 'no_application_protocol'],
    'h3',
  );
  for (const [client, server] of [
    [[], ['h2']],
    [['h2'], []],
  ] as const) {
    const flow = withMore(ECDHE, {
      client: { applicationProtocols: client },
      server: { applicationProtocols: server },
    });
    const { pair, hellos } = meet(flow);
    assert.equal(pair.establishedOn('client').applicationProtocol, undefined);
    assert.equal(hellos.server?.extensions.applicationLayerProtocolNegotiation, undefined);
  }
});

const ocspResponse = new Uint8Array(20).fill(3);
const signedCertificateTimestamps = [new Uint8Array(9).fill(4), new Uint8Array(5).fill(5)];

test('a server that echoes supported_groups, as some do, is overlooked', () => {
  const { pair } = meet(ECDHE, { server: withRaw(ExtensionType.supported_groups, 0, 2, 0, 23) });
  pair.establishedOn('client');
  pair.establishedOn('server');
});

test('OCSP response and SCT list come when they were asked for, in messages of TLS 1.2', () => {
  for (const [name, flow] of Object.entries(FLOWS_12)) {
    const [identity] = flow.server?.identities ?? [];
    assert.ok(identity);
    for (const requestOcspResponse of BOOLEANS) {
      for (const requestSignedCertificateTimestamps of BOOLEANS) {
        for (const stapled of [{}, { ocspResponse }, { ocspResponse, signedCertificateTimestamps }]) {
          const options = withMore(flow, {
            client: { requestOcspResponse, requestSignedCertificateTimestamps },
            server: { identities: [{ ...identity, ...stapled }] },
          });
          const { pair, hellos } = meet(options);
          const { peer } = pair.establishedOn('client');
          const wantsOcsp = requestOcspResponse && 'ocspResponse' in stapled;
          const wantsScts = requestSignedCertificateTimestamps && 'signedCertificateTimestamps' in stapled;
          assert.deepEqual(peer?.ocspResponse, wantsOcsp ? ocspResponse : undefined, name);
          assert.equal(hellos.server?.extensions.statusRequest, wantsOcsp ? true : undefined);
          assert.deepEqual(
            peer?.signedCertificateTimestamps,
            wantsScts ? signedCertificateTimestamps : undefined,
            name,
          );
        }
      }
    }
  }
});

test('an OCSP response that was promised need not come; one that was not promised must not', () => {
  const [identity] = ECDHE.server?.identities ?? [];
  assert.ok(identity);
  const promised = withExtensions<ServerHello12>((extensions) => ({ ...extensions, statusRequest: true }));
  // The server has none: it promises and sends nothing.
  const silent = meet(ECDHE, { server: (hello) => promised(hello) });
  assert.equal(silent.pair.establishedOn('client').peer?.ocspResponse, undefined);
  // A status request of another type than OCSP is as if it had not come (RFC 6066 section 8).
  const stapling = withMore(ECDHE, { server: { identities: [{ ...identity, ocspResponse }] } });
  const other = withExtensions<ClientHello>((extensions) => ({
    ...extensions,
    statusRequest: { statusType: 2, request: EMPTY },
  }));
  const { pair, hellos } = meet(stapling, { client: other });
  assert.equal(pair.establishedOn('client').peer?.ocspResponse, undefined);
  assert.equal(hellos.server?.extensions.statusRequest, undefined);
});
