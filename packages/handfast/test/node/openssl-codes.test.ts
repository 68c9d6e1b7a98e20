import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { type CertificateError, createServer } from '../../src/node/index.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { type OpensslErrorCode, opensslErrorCode } from '../../src/x509/openssl-codes.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import { type Issued, type IssueOptions, issue, testPki, toPem } from '../support/pki.ts';
import { makeList } from '../support/revocation.ts';
import { judge, type Question } from '../x509/support.ts';
import { CLIENT_IDENTITY, connectTo, failure, listen, PKI, SERVER } from './support.ts';

// The same bad chains, judged by node:tls and by handfast: the same names, or a reason why not.

const LIMIT = { timeout: 20_000 };
const DAY = 86_400_000;

const { root, intermediate, server } = testPki();
const period = (from: number, until: number) => ({
  notBefore: new Date(Date.now() + from * DAY),
  notAfter: new Date(Date.now() + until * DAY),
});
const past = period(-20, -10);
const future = period(10, 20);

const authority = (subject: string, issuer?: Issued, more: Partial<IssueOptions> = {}): Issued =>
  issue({ subject, ca: true, ...(issuer && { issuer }), ...more });
const leaf = (issuer?: Issued, more: Partial<IssueOptions> = {}): Issued =>
  issue({ subject: 'localhost', dnsNames: ['localhost'], ...(issuer && { issuer }), ...more });
/** A leaf below an authority of the root that is made in this way. */
const below = (more: Partial<IssueOptions>): readonly Issued[] => {
  const made = authority('A', root, more);
  return [leaf(made), made];
};

interface Case {
  readonly chain: readonly Issued[];
  readonly anchors?: readonly Issued[];
  readonly name?: string;
  /** Revocation lists, DER; node:tls then wants to know the status of every certificate. */
  readonly lists?: readonly Uint8Array[];
  readonly question?: Question;
  readonly code: OpensslErrorCode;
  /** What node:tls says where that is something else, and why; `null`: it accepts the chain. */
  readonly node?: readonly [code: string | null, why: string];
}

const UNNAMED = 'node:tls has no word for this name of OpenSSL';
const LAST = 'OpenSSL goes on after an error, and node:tls tells the last:';
const OWN_NAME_CHECK = 'node:tls compares names by itself, and has a code of its own for that';

const own = authority('Own root');
const ownIntermediate = authority('Own intermediate', own);
const nameless = authority('');
const withoutIdentifiers = { keyIdentifiers: false };
const stranger = authority('Twin', undefined, withoutIdentifiers);
const rsa = authority('RSA root', undefined, { key: 'rsa2048' });
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const strict = authority('A', root, { pathLen: 0 });
const tooLow = authority('B', strict);
const long = Array.from({ length: 10 }).reduce<Issued[]>(
  (chain) => [authority(`Level ${chain.length}`, chain[0]), ...chain],
  [root],
);
const statuses = (...revoked: Issued[]): Uint8Array[] => [
  makeList(intermediate, { revoked: revoked.map((certificate) => ({ certificate })) }),
  makeList(root),
];

const CASES: Readonly<Record<string, Case>> = {
  'the intermediate was not sent': { chain: [server], code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
  'a self-signed leaf': { chain: [leaf()], code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  'an unknown root was sent': {
    chain: [leaf(ownIntermediate), ownIntermediate, own],
    code: 'SELF_SIGNED_CERT_IN_CHAIN',
  },
  'an unknown root was not sent': {
    chain: [leaf(ownIntermediate), ownIntermediate],
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  },
  'the only anchor is no root': {
    chain: [server],
    anchors: [intermediate],
    question: { allowPartialChain: false },
    code: 'UNABLE_TO_GET_ISSUER_CERT',
  },
  'a broken signature of the leaf': {
    chain: [leaf(intermediate, { breakSignature: true }), intermediate],
    code: 'CERT_SIGNATURE_FAILURE',
  },
  'a broken signature of an intermediate': {
    chain: below({ breakSignature: true }),
    code: 'CERT_SIGNATURE_FAILURE',
  },
  'another root of the same name, with another key identifier': {
    chain: [server, intermediate],
    anchors: [authority('Test root p256')],
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  },
  'another root of the same name, without key identifiers': {
    chain: [leaf(stranger, withoutIdentifiers)],
    anchors: [authority('Twin', undefined, withoutIdentifiers)],
    code: 'CERT_SIGNATURE_FAILURE',
  },
  'not valid yet': { chain: [leaf(intermediate, future), intermediate], code: 'CERT_NOT_YET_VALID' },
  expired: { chain: [leaf(intermediate, past), intermediate], code: 'CERT_HAS_EXPIRED' },
  'an intermediate has expired': { chain: below(past), code: 'CERT_HAS_EXPIRED' },
  'the anchor has expired': {
    ...(() => {
      const old = authority('Old root', undefined, past);
      return { chain: [leaf(old)], anchors: [old] };
    })(),
    code: 'CERT_HAS_EXPIRED',
  },
  'the intermediate is no authority': {
    chain: below({ ca: false, keyUsage: null }),
    code: 'INVALID_CA',
    node: ['INVALID_PURPOSE', `${LAST} who is no authority cannot be one for servers either`],
  },
  'the intermediate is no authority, and its key may not sign certificates': {
    chain: below({ ca: false }),
    code: 'INVALID_CA',
    node: ['UNSPECIFIED', `${LAST} KEYUSAGE_NO_CERTSIGN, for which it has no word`],
  },
  'the key of the intermediate may not sign certificates': {
    chain: below({ keyUsage: ['digitalSignature'] }),
    code: 'KEYUSAGE_NO_CERTSIGN',
    node: ['UNSPECIFIED', UNNAMED],
  },
  'too many authorities below another': {
    chain: [leaf(tooLow), tooLow, strict],
    code: 'PATH_LENGTH_EXCEEDED',
  },
  'a longer path than is accepted': {
    chain: [leaf(long[0]), ...long.slice(0, -1)],
    code: 'CERT_CHAIN_TOO_LONG',
    node: [null, 'OpenSSL accepts 100 intermediates, handfast 8 unless it is told otherwise'],
  },
  'a leaf for clients': {
    chain: [leaf(intermediate, { extKeyUsage: ['clientAuth'] }), intermediate],
    code: 'INVALID_PURPOSE',
  },
  'an authority for clients': { chain: below({ extKeyUsage: ['clientAuth'] }), code: 'INVALID_PURPOSE' },
  'a key that may not sign': {
    chain: [leaf(intermediate, { keyUsage: ['keyAgreement'] }), intermediate],
    code: 'INVALID_PURPOSE',
    node: [null, 'OpenSSL lets keyAgreement pass for the ECDH of old, although the key signs here'],
  },
  'another name': {
    chain: [server, intermediate],
    name: 'other.test',
    code: 'HOSTNAME_MISMATCH',
    node: ['ERR_TLS_CERT_ALTNAME_INVALID', OWN_NAME_CHECK],
  },
  'another address': {
    chain: [leaf(intermediate), intermediate],
    name: '127.0.0.1',
    code: 'IP_ADDRESS_MISMATCH',
    node: ['ERR_TLS_CERT_ALTNAME_INVALID', OWN_NAME_CHECK],
  },
  'a name that is not permitted': {
    chain: below({ nameConstraints: { permitted: [{ dns: 'a.test' }] } }),
    code: 'PERMITTED_VIOLATION',
    node: ['UNSPECIFIED', UNNAMED],
  },
  'a name that is excluded': {
    chain: below({ nameConstraints: { excluded: [{ dns: 'localhost' }] } }),
    code: 'EXCLUDED_VIOLATION',
    node: ['UNSPECIFIED', UNNAMED],
  },
  'an unknown critical extension': {
    chain: [
      leaf(intermediate, {
        extraExtensions: [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }],
      }),
      intermediate,
    ],
    code: 'UNHANDLED_CRITICAL_EXTENSION',
    node: ['UNSPECIFIED', UNNAMED],
  },
  'signed over SHA-1': {
    chain: [leaf(rsa, { signatureHash: 'sha1' })],
    anchors: [rsa],
    code: 'CA_MD_TOO_WEAK',
    node: ['UNSPECIFIED', UNNAMED],
  },
  'a short key': {
    chain: [leaf(intermediate, { key: short }), intermediate],
    code: 'EE_KEY_TOO_SMALL',
    node: [null, "OpenSSL's security level 1, the default of Node 20, lets keys of 1024 bits pass"],
  },
  'the authority as its own server': {
    chain: [leaf(intermediate, { ca: true, keyUsage: ['digitalSignature', 'keyCertSign'] }), intermediate],
    code: 'INVALID_NON_CA',
    node: [null, 'OpenSSL lets authorities stand for servers'],
  },
  'an issuer without a name': {
    chain: [leaf(nameless)],
    anchors: [nameless],
    code: 'ISSUER_NAME_EMPTY',
    node: [null, 'OpenSSL asks for a name with x509_strict alone'],
  },
  revoked: { chain: [server, intermediate], lists: statuses(server), code: 'CERT_REVOKED' },
  'an unknown status': {
    chain: [server, intermediate],
    lists: [makeList(root)],
    code: 'UNABLE_TO_GET_CRL',
  },
};

/** What a client of node:tls says about a server of node:tls that shows this chain. */
async function judgeByNode(
  t: TestContext,
  { chain, anchors = [root], name = 'localhost', lists }: Case,
): Promise<string | null> {
  const [first] = chain;
  assert.ok(first);
  // At its own level, OpenSSL does not even show keys and signatures that it finds too weak.
  const shown = {
    cert: chain.map(({ pem }) => pem).join(''),
    key: first.keyPem,
    ciphers: 'DEFAULT@SECLEVEL=0',
  };
  const shower = tls.createServer(shown);
  const client = tls.connect({
    host: '127.0.0.1',
    port: await listen(t, shower),
    ca: anchors.map(({ pem }) => pem),
    ...(lists && { crl: lists.map((list) => toPem('X509 CRL', list)) }),
    servername: name === '127.0.0.1' ? '' : name,
    rejectUnauthorized: false,
    checkServerIdentity: (_, certificate) => tls.checkServerIdentity(name, certificate),
  });
  t.after(() => client.destroy());
  await once(client, 'secureConnect');
  const { authorized, authorizationError } = client;
  assert.equal(authorized, authorizationError === null, String(authorizationError));
  return authorized ? null : String(authorizationError);
}

test('a right chain is accepted by both', LIMIT, async (t) => {
  const right: Case = { chain: [server, intermediate], lists: statuses(), code: 'UNSPECIFIED' };
  assert.equal(await judgeByNode(t, right), null);
  assert.ok(judge(right.chain, [root]).ok);
});

for (const [what, given] of Object.entries(CASES)) {
  test(`${what}: ${given.code}`, LIMIT, async (t) => {
    const { chain, anchors = [root], name = 'localhost', lists, question, code, node = [code, ''] } = given;
    const revocation = lists && {
      crls: lists.map((list) => parseCertificateRevocationList(list)),
      require: 'chain' as const,
    };
    const verdict = judge(chain, anchors, { name, ...question, ...(revocation && { revocation }) });
    assert.ok(!verdict.ok, verdict.sentence);
    assert.equal(opensslErrorCode(verdict), code, verdict.sentence);
    const [told, why] = node;
    assert.equal(await judgeByNode(t, given), told);
    assert.equal(told === code, why === '', 'a difference, and nothing else, has an explanation');
  });
}

test('a client socket has the code, and so has its error', LIMIT, async (t) => {
  const other = authority('Another root');
  for (const [chain, ca, code] of [
    [below(past), root, 'CERT_HAS_EXPIRED'],
    [[server, intermediate], other, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ] as const) {
    const [first] = chain;
    assert.ok(first);
    const shower = createServer({ cert: chain.map(({ pem }) => pem).join(''), key: first.keyPem });
    const client = connectTo(t, await listen(t, shower), { ca: ca.pem });
    const error = await failure(client);
    assert.ok(error instanceof TlsError);
    assert.equal((error as CertificateError).opensslCode, code);
    assert.equal(client.authorizationError, code);
    assert.equal(client.authorized, false);
  }
});

test("the error of a server's tlsClientError has it, and so has its socket", LIMIT, async (t) => {
  const expired = issue({ subject: 'Ada', issuer: PKI.intermediate, extKeyUsage: ['clientAuth'], ...past });
  const verifying = createServer({ ...SERVER, requestCert: true, ca: PKI.root.pem });
  const port = await listen(t, verifying);
  const cases = [
    [{ cert: expired.pem + PKI.intermediate.pem, key: expired.keyPem }, 'CERT_HAS_EXPIRED'],
    [{ ...CLIENT_IDENTITY, cert: PKI.client.pem }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    // It shows none: nothing was judged.
    [{}, undefined],
  ] as const;
  for (const [identity, code] of cases) {
    const failed = once(verifying, 'tlsClientError');
    const client = connectTo(t, port, identity);
    client.on('error', () => {});
    const [error, socket] = await failed;
    assert.ok(error instanceof TlsError);
    assert.equal((error as CertificateError).opensslCode, code);
    assert.equal(socket.authorizationError, code ?? null);
    assert.equal('opensslCode' in error, code !== undefined);
  }
});
