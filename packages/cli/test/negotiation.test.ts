import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { CipherSuite, ConfigError, NamedGroup, POLICIES, SignatureScheme, TlsError } from 'handfast';
import { explain } from '../src/explain.ts';
import { groups, policy, signatureSchemes, suites, versions } from '../src/negotiation.ts';
import { folder, handfast, serving } from './support/command.ts';
import { keyPem, makePki, type Pki, serverCredential, tlsServer } from './support/peers.ts';

describe('names of what may be negotiated', () => {
  test('are read as people write them', () => {
    assert.deepEqual(versions('1.2'), ['TLSv1.2']);
    assert.deepEqual(versions('TLS1.3, tlsv1.2'), ['TLSv1.3', 'TLSv1.2']);
    assert.deepEqual(versions('1.3', versions('1.2')), ['TLSv1.2', 'TLSv1.3']);
    assert.deepEqual(groups('X25519mlkem768,x25519'), [NamedGroup.X25519MLKEM768, NamedGroup.x25519]);
    assert.deepEqual(suites('tls_aes_128_gcm_sha256'), [CipherSuite.TLS_AES_128_GCM_SHA256]);
    assert.deepEqual(suites('TLS_RSA_WITH_AES_128_CBC_SHA', [1]), [
      1,
      CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
    ]);
    assert.deepEqual(signatureSchemes('ed25519'), [SignatureScheme.ed25519]);
  });

  test('of policies may leave the year away', () => {
    for (const one of Object.values(POLICIES)) {
      assert.equal(policy(one.name), one);
      assert.equal(policy(one.name.replace(/-\d{4}$/, '').toUpperCase()), one);
    }
  });

  test('that are unknown are answered with those that are there, or with those that are near', () => {
    const cases: readonly (readonly [() => unknown, RegExp])[] = [
      [() => versions(''), /^Expected 1\.2, 1\.3, or both: 1\.2,1\.3\.$/],
      [() => versions('1.2-1.3'), /^Expected 1\.2, 1\.3, or both: 1\.2,1\.3\.$/],
      [() => versions('1.1'), /older is broken.*handfast scan/],
      [() => versions('SSLv3'), /older is broken.*handfast scan/],
      [() => versions('1.2,1.2'), /1\.2 is named twice/],
      [() => versions('1.2', ['TLSv1.2']), /1\.2 is named twice/],
      [() => policy('old'), /modern, intermediate, legacy, cnsa-2, or .*modern-2026/],
      [() => policy('modern-2025'), /modern-2026/],
      [() => groups(''), /Expected names with commas between them, such as X25519MLKEM768,x25519/],
      [() => groups('x25519,,x448'), /Expected names with commas/],
      [() => groups('x25519,X25519'), /X25519 is named twice/],
      [() => groups('P-256'), /^IANA calls P-256 secp256r1\.$/],
      [() => groups('prime256v1'), /^IANA calls prime256v1 secp256r1\.$/],
      [
        () => groups('ffdhe1024'),
        /no group ffdhe1024\. There are .*secp256r1.*x448.*ffdhe8192.*SecP384r1MLKEM1024/,
      ],
      [
        () => suites('ECDHE-RSA-AES128-GCM-SHA256'),
        /names are those of IANA, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,/,
      ],
      [() => suites('HIGH:!aNULL'), /names are those of IANA, such as TLS_AES_128_GCM_SHA256,TLS_ECDHE_/],
      [() => suites('TLS_FALLBACK_SCSV'), /no cipher suite TLS_FALLBACK_SCSV/],
      [() => suites('P-256'), /no cipher suite P-256/],
      [
        () => signatureSchemes('rsa_pkcs1_sha1'),
        /no signature scheme rsa_pkcs1_sha1\. There are rsa_pkcs1_sha256.*ed448/,
      ],
    ];
    for (const [parse, message] of cases) assert.throws(parse, { message });
  });
});

describe('what the library says', () => {
  test('names options as the command line does', () => {
    const cases: readonly (readonly [Error, string])[] = [
      [
        new ConfigError('versions', 'versions: TLSv1.2 cannot be negotiated'),
        '--tls: TLSv1.2 cannot be negotiated.',
      ],
      [
        new ConfigError('cipherSuites', 'cipherSuites: X is weak; set allowRsaKeyExchange too'),
        '--suites: X is weak; give --allow-rsa-key-exchange too.',
      ],
      [new ConfigError('padding', 'padding: no'), 'padding: no.'],
      [
        new TlsError(
          'ERR_NO_EXTENDED_MASTER_SECRET',
          'update it, or set requireExtendedMasterSecret to false',
        ),
        'update it, or take --policy legacy (ERR_NO_EXTENDED_MASTER_SECRET).',
      ],
    ];
    for (const [error, text] of cases) assert.equal(explain(error).text, text);
  });
});

describe('combinations that cannot work', () => {
  test('are refused with the option that is at fault', async (t) => {
    const pki = await makePki();
    const { file } = folder(t);
    const own = ['--cert', file('ec.pem', pki.server.chain), '--key', file('ec.key', keyPem(pki.server))];
    const client = ['connect', '127.0.0.1:1'];
    const server = ['serve', '--port', '0'];
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[...client, '--tls', '1.1'], /option '--tls <versions>' argument '1\.1' is invalid/],
      [[...client, '--policy', 'modern', '--tls', '1.2'], /--tls: TLSv1\.2 .* policy 'modern-2026'/],
      [[...client, '--tls', '1.2', '--groups', 'X25519MLKEM768'], /--groups: TLSv1\.2 .* and 5 more need/],
      [
        [...client, '--tls', '1.3', '--suites', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
        /--suites: TLSv1\.3 /,
      ],
      [[...client, '--suites', 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'], /--suites: .* needs a finite field/],
      [
        [...client, '--suites', 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
        /--suites: .*--allow-rsa-key-exchange too/,
      ],
      [[...client, '--tls', '1.3', '--allow-rsa-key-exchange'], /--allow-rsa-key-exchange: .*needs TLSv1\.2/],
      [
        [...client, '--tls', '1.3', '--signature-schemes', 'rsa_pkcs1_sha256'],
        /--signature-schemes: TLSv1\.3 .* and 2 more need a signature scheme/,
      ],
      [[...client, '--prefer', 'client'], /unknown option '--prefer'/],
      [[...server, '--prefer', 'both'], /Allowed choices are server, client/],
      [[...server, ...own, '--allow-rsa-key-exchange'], /--allow-rsa-key-exchange needs .* an RSA key/],
      [
        [...server, ...own, '--tls', '1.2', '--suites', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
        /--cert: no cipher suite of TLSv1\.2 .* goes with the ec key of CN=localhost/,
      ],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await handfast(args);
      assert.equal(code, 2, `${args}: ${stdout}${stderr}`);
      assert.match(stderr, message);
    }
  });
});

describe('what was asked for is what is negotiated', () => {
  let pki: Pki;

  before(async () => {
    pki = await makePki();
  });

  test('by connect', async (t) => {
    const ca = folder(t).file('ca.pem', pki.ca.certificate);
    const rsa = await serverCredential(pki.ca, ['localhost'], 'RSA 2048');
    const options = { cert: rsa.chain, key: keyPem(rsa), ciphers: 'ALL:@SECLEVEL=0' };
    const port = await tlsServer(t, options, (socket) => socket.end());
    const cases: readonly (readonly [readonly string[], object])[] = [
      [[], { version: 'TLSv1.3' }],
      [['--tls', '1.2'], { version: 'TLSv1.2', keyExchange: 'ECDHE' }],
      [['--groups', 'secp384r1'], { version: 'TLSv1.3', group: 'secp384r1' }],
      [
        ['--tls', '1.2', '--groups', 'secp521r1', '--suites', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
        { group: 'secp521r1', cipherSuite: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256' },
      ],
      [
        ['--policy', 'legacy', '--tls', '1.2', '--suites', 'TLS_RSA_WITH_AES_256_CBC_SHA'],
        { keyExchange: 'RSA', group: null, cipherSuite: 'TLS_RSA_WITH_AES_256_CBC_SHA' },
      ],
    ];
    for (const [args, expected] of cases) {
      const base = ['connect', `localhost:${port}`, '--ca', ca, '--json'];
      const { code, stdout } = await handfast([...base, ...args]);
      assert.equal(code, 0, stdout);
      const document = JSON.parse(stdout) as object;
      assert.deepEqual({ ...document, ...expected }, document, stdout);
    }
  });

  test('by serve, which makes an RSA certificate where one is needed', async (t) => {
    const { file } = folder(t);
    const caPath = file('ca.pem', '');
    const args = [
      '--echo',
      '--ca-out',
      caPath,
      '--tls',
      '1.2',
      '--allow-rsa-key-exchange',
      '--prefer',
      'client',
    ];
    const server = await serving(t, args);
    const negotiated = async (ciphers: string): Promise<string> => {
      const socket: TLSSocket = connectTls({
        port: server.port,
        host: '127.0.0.1',
        servername: 'localhost',
        rejectUnauthorized: false,
        ciphers,
      });
      t.after(() => socket.destroy());
      await once(socket, 'secureConnect');
      return `${socket.getProtocol()} ${socket.getCipher().standardName}`;
    };
    assert.equal(await negotiated('AES256-GCM-SHA384'), 'TLSv1.2 TLS_RSA_WITH_AES_256_GCM_SHA384');
    assert.equal(
      await negotiated('ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256'),
      'TLSv1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    );
    assert.equal(
      await negotiated('ECDHE-ECDSA-AES128-GCM-SHA256'),
      'TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    );
    await server.logged(/TLSv1\.2 TLS_RSA_WITH_AES_256_GCM_SHA384 RSA key transport name=localhost/);
  });
});
