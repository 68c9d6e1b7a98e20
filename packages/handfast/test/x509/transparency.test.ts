import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { SignatureAlgorithm } from '../../src/crypto/provider.ts';
import { concat } from '../../src/wire/bytes.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { MAX_SIGNATURE_CHECKS, MAX_TIMESTAMPS } from '../../src/x509/limits.ts';
import { verify } from '../../src/x509/path.ts';
import { parseOcspResponse } from '../../src/x509/revocation/ocsp.ts';
import type { TransparencyLog } from '../../src/x509/transparency/logs.ts';
import type { TransparencyOptions } from '../../src/x509/transparency/transparency.ts';
import type { Verdict } from '../../src/x509/verdict.ts';
import * as der from '../support/der.ts';
import { type Issued, issue, makeKey, publicKeyInfo, testPki } from '../support/pki.ts';
import { makeOcspResponse } from '../support/revocation.ts';
import {
  embedded,
  inOcsp,
  issueLogged,
  makeLog,
  makeTimestamp,
  precertEntry,
  type TestLog,
  timestampList,
  uint,
  x509Entry,
} from '../support/transparency.ts';
import { accepts, countingProvider, refuses } from './support.ts';

// What counts as a log's promise to publish a certificate, and who tries to pass without one.

const { root, intermediate } = testPki();
const [argon, oak, nimbus] = ['Argon', 'Oak', 'Nimbus'].map((name) => makeLog(name)) as [
  TestLog,
  TestLog,
  TestLog,
];
const logs = [argon, oak, nimbus];
const LEAF = { subject: 'localhost', dnsNames: ['localhost'], issuer: intermediate } as const;
const HOUR = 3_600_000;

const stamped =
  (...by: readonly TestLog[]) =>
  (entry: Uint8Array): readonly Uint8Array[] =>
    by.map((log) => makeTimestamp(log, entry));
const logged = issueLogged(LEAF, stamped(argon, oak));
const { certificate } = logged;
const plain = issue(LEAF);

const asking = (transparency: Partial<TransparencyOptions> = {}) => ({
  transparency: { logs, ...transparency },
});

/** The sentences about logs. */
function told(verdict: Verdict): readonly string[] {
  return (verdict.path[0]?.checks ?? [])
    .filter(({ rule }) => rule === 'transparency')
    .map(({ sentence }) => sentence);
}

function passes(leaf: Issued, transparency?: Partial<TransparencyOptions>): readonly string[] {
  return told(accepts([leaf, intermediate], [root], asking(transparency)));
}

function fails(
  words: RegExp,
  leaf: Issued,
  transparency: Partial<TransparencyOptions> = { require: 1 },
): void {
  const { error } = refuses('transparency', words, [leaf, intermediate], [root], asking(transparency));
  assert.equal(error, 'ERR_BAD_CERTIFICATE');
}

test('timestamps in a certificate', () => {
  const [first, second, conclusion, ...none] = passes(certificate, { require: 2, requireOperators: 2 });
  assert.match(
    first ?? '',
    /^"Argon" has promised to publish it, says its timestamp of \S+Z in the certificate$/,
  );
  assert.match(second ?? '', /^"Oak" has promised/);
  assert.equal(conclusion, '2 logs of 2 operators have promised to publish it; 2 logs of 2 operators must');
  assert.deepEqual(none, []);
  fails(
    /^The certificate of 'CN=localhost': 2 logs of 2 operators have promised to publish it; 3 logs must\.$/,
    certificate,
    {
      require: 3,
    },
  );
});

test('nothing is asked unless the caller asks', () => {
  assert.deepEqual(told(accepts([certificate, intermediate], [root])), []);
  assert.deepEqual(passes(plain), [
    'no log that is known here has promised to publish it; it came without any timestamp',
  ]);
  fails(
    /no log that is known here has promised to publish it; 1 log must; it came without any timestamp/,
    plain,
  );
});

test('timestamps of RSA logs, and behind other extensions or before them', () => {
  const rsa = makeLog('Old', { kind: 'rsa2048' });
  const other = { oid: '1.2.3.4', value: der.nullValue() };
  for (const behind of [[], [other]]) {
    const { certificate: leaf } = issueLogged(LEAF, stamped(rsa), behind);
    assert.equal(passes(leaf, { logs: [rsa], require: 1 }).length, 2);
  }
  const extended = issueLogged(LEAF, (entry) => [
    makeTimestamp(argon, entry, { extensions: Uint8Array.of(1, 2, 3) }),
  ]);
  passes(extended.certificate, { require: 1 });
});

test('the only extension of a certificate may be that of its timestamps', () => {
  const bare = { ...LEAF, dnsNames: [], keyIdentifiers: false, keyUsage: null };
  const { certificate: leaf } = issueLogged(bare, stamped(argon));
  assert.equal(parseCertificate(leaf.der).extensions.size, 1);
  accepts([leaf, intermediate], [root], { ...asking({ require: 1 }), name: null });
});

test('timestamps beside a certificate are about the certificate as it is', () => {
  const beside = makeTimestamp(nimbus, x509Entry(certificate));
  assert.equal(passes(certificate, { timestamps: [beside], require: 3 }).length, 4);
  const [first] = passes(plain, { timestamps: [makeTimestamp(nimbus, x509Entry(plain))], require: 1 });
  assert.match(first ?? '', /"Nimbus" has promised .* beside the certificate$/);
});

test('what was signed for one place does not count in another', () => {
  const { tbs } = parseCertificate(plain.der);
  const asPrecertificate = makeTimestamp(argon, precertEntry(tbs, intermediate));
  fails(/"Argon" beside the certificate \(the log did not sign it for this certificate/, plain, {
    timestamps: [asPrecertificate],
    require: 1,
  });
  const swapped = issueLogged(LEAF, () => [makeTimestamp(argon, x509Entry(plain))]);
  fails(/"Argon" in the certificate \(the log did not sign it/, swapped.certificate);
  // The same bytes beside the certificate that carries them mean nothing there.
  const [own = new Uint8Array(0)] = stamped(argon)(logged.entry);
  fails(/"Argon" beside the certificate \(the log did not sign it/, plain, { timestamps: [own], require: 1 });
});

test('timestamps in OCSP responses', () => {
  const single = { certificate: plain, issuer: intermediate };
  const list = timestampList([makeTimestamp(argon, x509Entry(plain))]);
  const response = makeOcspResponse([{ ...single, extensions: [inOcsp(list)] }]);
  for (const revocation of [{ ocspResponses: [parseOcspResponse(response)] }, { stapled: response }]) {
    const verdict = accepts([plain, intermediate], [root], { ...asking({ require: 1 }), revocation });
    assert.match(told(verdict)[0] ?? '', /"Argon" has promised .* in an OCSP response$/);
  }
  const malformed = makeOcspResponse([{ ...single, extensions: [inOcsp(concat(list, Uint8Array.of(0)))] }]);
  refuses('transparency', /those in an OCSP response \(.*left over/, [plain, intermediate], [root], {
    ...asking({ require: 1 }),
    revocation: { stapled: malformed },
  });
  const ofOther = makeOcspResponse([
    { ...single },
    { certificate: issue(LEAF), issuer: intermediate, extensions: [inOcsp(list)] },
  ]);
  refuses('transparency', /came without any timestamp/, [plain, intermediate], [root], {
    ...asking({ require: 1 }),
    revocation: { stapled: ofOther },
  });
});

test('a precertificate is no certificate', () => {
  refuses(
    'criticalExtension',
    /precertificatePoison is critical/,
    [logged.precertificate, intermediate],
    [root],
    asking({ timestamps: stamped(argon, oak)(x509Entry(logged.precertificate)), require: 2 }),
  );
});

test('a timestamp of another certificate', () => {
  const other = issueLogged({ ...LEAF, subject: 'elsewhere' }, stamped(argon));
  const thief = issueLogged(LEAF, () => stamped(argon)(other.entry));
  fails(
    /"Argon" in the certificate \(the log did not sign it for this certificate under this issuer\)/,
    thief.certificate,
  );
  fails(/the log did not sign it/, plain, { timestamps: stamped(argon)(x509Entry(certificate)), require: 1 });
});

test('the same certificate under another issuer', () => {
  // Same name, another key: the log signed the very same certificate, under the key of the other.
  const twin = issue({ subject: 'Test intermediate p256', issuer: root, ca: true });
  const moved = issueLogged({ ...LEAF, issuer: twin }, (entry) => {
    const tbs = entry.subarray(2 + 32 + 3);
    assert.deepEqual(precertEntry(tbs, twin), entry);
    return stamped(argon)(precertEntry(tbs, intermediate));
  });
  refuses(
    'transparency',
    /the log did not sign it/,
    [moved.certificate, twin],
    [root],
    asking({ require: 1 }),
  );
  const honest = issueLogged({ ...LEAF, issuer: twin }, stamped(argon));
  accepts([honest.certificate, twin], [root], asking({ require: 1 }));
});

test('the issuer is that of the path which holds, not any that bears the name', () => {
  const twin = issue({ subject: 'Test intermediate p256', issuer: root, ca: true });
  const anonymous = issueLogged({ ...LEAF, keyIdentifiers: false }, stamped(argon));
  for (const others of [
    [twin, intermediate],
    [intermediate, twin],
  ]) {
    accepts([anonymous.certificate, ...others], [root], asking({ require: 1 }));
  }
});

test('an anchor that is only a name and a key is an issuer too', () => {
  for (const kind of ['p256', 'p384', 'p521', 'rsa2048', 'rsa-pss', 'ed25519', 'ed448'] as const) {
    const authority = issue({ subject: `Authority ${kind}`, key: makeKey(kind, 7), ca: true });
    const { subject: name, publicKeyInfo } = parseCertificate(authority.der);
    assert.ok(publicKeyInfo.key);
    const verdict = verify({
      provider: nodeProvider,
      leaf: parseCertificate(issueLogged({ ...LEAF, issuer: authority }, stamped(argon)).certificate.der),
      intermediates: [],
      anchors: [{ name, key: publicKeyInfo.key }],
      at: Date.now(),
      purpose: 'server',
      name: 'localhost',
      transparency: { logs, require: 1 },
    });
    assert.ok('ok' in verdict && verdict.ok, `${kind}: ${'sentence' in verdict && verdict.sentence}`);
  }
});

test('a timestamp that was changed', () => {
  const now = Date.now();
  for (const change of [
    { written: now - HOUR - 1 },
    { extensions: Uint8Array.of(1), version: 0, signatureType: 1 },
    { signatureType: 1 },
  ]) {
    const { certificate: leaf } = issueLogged(LEAF, (entry) => [
      makeTimestamp(argon, entry, { at: now - HOUR, ...change }),
    ]);
    fails(/"Argon" in the certificate \(the log did not sign it/, leaf);
  }
  // Every byte of it matters: none but the log's id and the algorithm is looked at before the signature.
  const whole = makeTimestamp(argon, x509Entry(plain));
  for (let at = 0; at < whole.length; at++) {
    const changed = whole.with(at, (whole[at] ?? 0) ^ 1);
    const { ok } = accepts([plain, intermediate], [root], asking({ timestamps: [changed] }));
    assert.ok(ok);
    const [only = '', ...others] = passes(plain, { timestamps: [changed] });
    assert.match(only, /^no log that is known here/, `byte ${at} may be changed`);
    assert.deepEqual(others, []);
  }
});

test('a key that is not the log\u2019s, under the log\u2019s name', () => {
  const liar = issueLogged(LEAF, (entry) => [makeTimestamp(argon, entry, { signWith: makeKey('p256') })]);
  fails(/"Argon" in the certificate \(the log did not sign it/, liar.certificate);
  const renamed = issueLogged(LEAF, (entry) => [makeTimestamp(argon, entry, { logId: oak.id })]);
  fails(/"Oak" in the certificate \(the log did not sign it/, renamed.certificate);
});

test('a log that nobody knows', () => {
  const own = makeLog('Mine');
  const { certificate: leaf } = issueLogged(LEAF, stamped(own));
  fails(/that of the log [A-Za-z0-9+/]{43}= in the certificate \(no such log is known here\)/, leaf);
});

test('a log signs as its key does', () => {
  for (const algorithm of [
    [4, 1],
    [5, 3],
    [2, 3],
    [4, 0],
    [8, 7],
  ] as const) {
    const { certificate: leaf } = issueLogged(LEAF, (entry) => [makeTimestamp(argon, entry, { algorithm })]);
    fails(/"Argon" in the certificate \(it is not signed as that log signs\)/, leaf);
  }
});

test('one log counts once', () => {
  const twice = issueLogged(LEAF, (entry) => [
    makeTimestamp(argon, entry),
    makeTimestamp(argon, entry, { at: Date.now() - 2 * HOUR }),
  ]);
  fails(
    /1 log of 1 operator has promised to publish it; 2 logs must; .*"Argon" in the certificate \(another of that log counts already\)/,
    twice.certificate,
    { require: 2 },
  );
  const [own = new Uint8Array(0)] = stamped(argon)(logged.entry);
  const same = issueLogged(LEAF, () => [own, own, own]);
  fails(/: that of "Argon" in the certificate \(the log did not sign it[^;]*$/, same.certificate);
  // A bad one in front does not keep a good one of the same log from counting.
  const mended = issueLogged(LEAF, (entry) => [
    makeTimestamp(argon, entry, { signWith: makeKey('p256') }),
    makeTimestamp(argon, entry),
  ]);
  passes(mended.certificate, { require: 1 });
});

test('two logs of one operator are two logs of one operator', () => {
  const one = { ...argon, operator: 'One' };
  const two = { ...oak, operator: 'One' };
  const other = { ...nimbus, operator: 'Other' };
  passes(certificate, { logs: [one, two, other], require: 2 });
  fails(/2 logs of 1 operator have promised to publish it; 2 logs of 2 operators must/, certificate, {
    logs: [one, two, other],
    require: 2,
    requireOperators: 2,
  });
  const nameless = [argon, oak, nimbus].map(({ operator: _, ...log }) => log);
  const mixed = [...nameless.slice(0, 2), other];
  fails(/2 logs of 1 operator have/, certificate, { logs: mixed, require: 2, requireOperators: 2 });
});

test('a timestamp from the future', () => {
  const at = Date.now() + 10 * 60_000;
  const { certificate: leaf } = issueLogged(LEAF, (entry) => [makeTimestamp(argon, entry, { at })]);
  fails(/"Argon" in the certificate \(it is from \S+Z, which has not come yet\)/, leaf);
  passes(leaf, { require: 1, clockTolerance: 11 * 60_000 });
  const soon = issueLogged(LEAF, (entry) => [makeTimestamp(argon, entry, { at: Date.now() + 60_000 })]);
  passes(soon.certificate, { require: 1 });
  fails(/has not come yet/, soon.certificate, { require: 1, clockTolerance: 0 });
  for (const never of [2n ** 64n - 1n, 8_640_000_000_000_001n]) {
    const { certificate: last } = issueLogged(LEAF, (entry) => [makeTimestamp(argon, entry, { at: never })]);
    fails(/it is from a time beyond all calendars, which has not come yet/, last);
  }
});

test('a certificate that the log does not take', () => {
  const { notAfter } = parseCertificate(certificate.der);
  const within = (from: number, until: number): readonly TransparencyLog[] => [
    { ...argon, temporalInterval: { from, until } },
  ];
  passes(certificate, { logs: within(notAfter.time, notAfter.time + 1), require: 1 });
  const words =
    /"Argon" in the certificate \(the log takes certificates that expire from \S+Z to before \S+Z\)/;
  fails(words, certificate, { logs: within(notAfter.time + 1, notAfter.time + 2), require: 1 });
  fails(words, certificate, { logs: within(notAfter.time - 1, notAfter.time), require: 1 });
});

test('a log that was retired', () => {
  const before = { ...argon, retiredAt: Date.now() };
  const [, , conclusion] = passes(certificate, { logs: [before, oak], require: 2 });
  assert.match(conclusion ?? '', /^2 logs of 2 operators have/);
  fails(
    /"Argon" in the certificate \(the log was retired, and none in use vouches beside it\)/,
    certificate,
    {
      logs: [before],
      require: 1,
    },
  );
  const time = Date.now() - HOUR;
  const exact = issueLogged(LEAF, (entry) => [
    makeTimestamp(argon, entry, { at: time }),
    ...stamped(oak)(entry),
  ]);
  passes(exact.certificate, { logs: [{ ...argon, retiredAt: time + 1 }, oak], require: 2 });
  fails(/the log was retired at/, exact.certificate, {
    logs: [{ ...argon, retiredAt: time }, oak],
    require: 2,
  });
  const after = { ...argon, retiredAt: Date.now() - 2 * HOUR };
  fails(/"Argon" in the certificate \(the log was retired at \S+Z, before it\)/, certificate, {
    logs: [after, oak],
    require: 2,
  });
  fails(
    /"Argon" beside the certificate \(the log was retired at \S+Z, and whoever sends it today could have got a newer one\)/,
    plain,
    {
      logs: [before, oak],
      timestamps: stamped(argon, oak)(x509Entry(plain)),
      require: 2,
    },
  );
});

test('lists that are malformed say so, and refuse only where timestamps are required', () => {
  const good = timestampList(stamped(argon)(logged.entry));
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [concat(good, Uint8Array.of(0)), /1 byte left over at its end/],
    [good.subarray(0, -1), /expected \d+ bytes as its length says, found \d+/],
    [uint(2, 0), /expected a length of 1 to 65535 bytes, found 0/],
    [new Uint8Array(0), /expected 2 bytes, found 0/],
    [Uint8Array.of(0, 2, 0, 0), /expected a length of 1 to 65535 bytes, found 0/],
    [Uint8Array.of(0, 3, 0, 5, 1), /expected 5 bytes, found 1/],
  ];
  for (const [list, words] of cases) {
    const leaf = issue({ ...LEAF, extraExtensions: [embedded(list)] });
    passes(leaf);
    fails(words, leaf);
  }
  const wrapped = der.octetString(good);
  for (const value of [concat(wrapped, der.nullValue()), good, der.sequence(wrapped), new Uint8Array(0)]) {
    const leaf = issue({ ...LEAF, extraExtensions: [{ ...embedded(good), value }] });
    passes(leaf);
    fails(/those in the certificate \(the certificate: SignedCertificateTimestampList: /, leaf);
  }
});

test('what is no timestamp of version 1 is passed over, with the reason', () => {
  const [good = new Uint8Array(0)] = stamped(oak)(x509Entry(plain));
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [
      makeTimestamp(argon, x509Entry(plain), { version: 1 }),
      /one beside the certificate \(.*expected version 1, found version 2\)/,
    ],
    [Uint8Array.of(255), /found version 256/],
    [concat(makeTimestamp(argon, x509Entry(plain)), Uint8Array.of(0)), /1 byte left over at its end/],
    [makeTimestamp(argon, x509Entry(plain)).subarray(0, -1), /signature: expected \d+ bytes, found \d+/],
    [new Uint8Array(1), /logId: expected 32 bytes, found 0/],
    [new Uint8Array(0), /version: expected 1 byte, found 0/],
  ];
  for (const [bytes, words] of cases) {
    const conclusion = passes(plain, { timestamps: [bytes, good], require: 1 }).at(-1) ?? '';
    assert.match(conclusion, words);
    fails(words, plain, { timestamps: [bytes], require: 1 });
  }
});

test('many timestamps cost a bounded number of signatures, and a bounded sentence', () => {
  const entry = x509Entry(plain);
  const timestamps = Array.from({ length: 700 }, (_, i) =>
    makeTimestamp(argon, entry, { signWith: oak.key, at: Date.now() - HOUR - i }),
  );
  const { provider, count } = countingProvider();
  const transparency = { logs, timestamps, require: 1 };
  const verdict = refuses(
    'transparency',
    /"Argon" beside the certificate \(.*; and 25 more\./,
    [plain, intermediate],
    [root],
    { provider, transparency },
  );
  assert.equal(count(), 2 + MAX_TIMESTAMPS);
  assert.ok(verdict.sentence.length < 2000, verdict.sentence);
  const [last] = told(verdict).slice(-1);
  assert.match(last ?? '', /and 25 more$/);
  // A good one behind too many others is not found.
  const behind = [...timestamps, ...stamped(argon)(entry)];
  fails(/668 more \(at most 32 are looked at\)|and 25 more/, plain, { timestamps: behind, require: 1 });
});

test('signatures of timestamps come out of the budget of the verdict', () => {
  assert.ok(MAX_TIMESTAMPS < MAX_SIGNATURE_CHECKS);
  const { provider, count } = countingProvider();
  accepts([certificate, intermediate], [root], { provider, ...asking({ require: 2 }) });
  assert.equal(count(), 4);
  // What makes a timestamp worthless anyway costs nothing.
  const { certificate: idle } = issueLogged(LEAF, (entry) => [
    makeTimestamp(makeLog('Unknown'), entry),
    makeTimestamp(argon, entry, { at: Date.now() + 24 * HOUR }),
    makeTimestamp(oak, entry, { algorithm: [4, 1] }),
  ]);
  const idling = countingProvider();
  accepts([idle, intermediate], [root], { provider: idling.provider, ...asking() });
  assert.equal(idling.count(), 2);
});

test('only the path that holds is asked about, and a leaf that is refused anyway is not', () => {
  const { provider, count } = countingProvider();
  refuses('name', /does not carry/, [certificate, intermediate], [root], {
    provider,
    ...asking({ require: 3 }),
    name: 'elsewhere',
  });
  assert.equal(count(), 2);
  const revoked = makeOcspResponse([{ certificate, issuer: intermediate, status: {} }]);
  const verdict = refuses('revocation', /was revoked/, [certificate, intermediate], [root], {
    ...asking({ require: 2 }),
    revocation: { stapled: revoked },
  });
  assert.deepEqual(told(verdict), []);
});

test('a leaf that is an anchor itself is trusted as it is', () => {
  accepts([plain], [plain], asking({ require: 2 }));
});

test('a provider that answers later gives the same verdict', async () => {
  const later = {
    ...nodeProvider,
    verify: async (...args: Parameters<typeof nodeProvider.verify>) => nodeProvider.verify(...args),
  };
  const verdict = await verify({
    provider: later,
    leaf: parseCertificate(certificate.der),
    intermediates: [parseCertificate(intermediate.der)],
    anchors: [{ certificate: parseCertificate(root.der) }],
    at: Date.now(),
    purpose: 'server',
    name: 'localhost',
    transparency: { logs, require: 2 },
  });
  assert.ok(verdict.ok, verdict.sentence);
  assert.equal(told(verdict).length, 3);
});

test('of a timestamp\u2019s signature only true is true', () => {
  for (const answer of ['yes', 1, {}]) {
    const provider = {
      ...nodeProvider,
      verify: (
        algorithm: SignatureAlgorithm,
        ...rest: Parameters<typeof nodeProvider.verify> extends [unknown, ...infer R] ? R : never
      ) =>
        rest[1].length > 300 && rest[1][0] === 0
          ? (answer as boolean)
          : nodeProvider.verify(algorithm, ...rest),
    };
    refuses('transparency', /did not sign it/, [certificate, intermediate], [root], {
      provider,
      ...asking({ require: 1 }),
    });
  }
});

test('options that make no sense', () => {
  const option = (transparency: Partial<Record<keyof TransparencyOptions, unknown>>): string => {
    try {
      accepts([certificate, intermediate], [root], asking(transparency as Partial<TransparencyOptions>));
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error.option;
    }
    return assert.fail('accepted');
  };
  for (const require of [-1, 1.5, Number.NaN, 4]) assert.equal(option({ require }), 'transparency.require');
  for (const requireOperators of [-1, 4]) {
    assert.equal(option({ requireOperators }), 'transparency.requireOperators');
  }
  for (const clockTolerance of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(option({ clockTolerance }), 'transparency.clockTolerance');
  }
  assert.equal(option({ timestamps: ['text'] }), 'transparency.timestamps');
  assert.equal(option({ logs: [argon, argon] }), 'transparency.logs[1]');
  for (const publicKey of ['MFkw', Uint8Array.of(1), concat(argon.publicKey, Uint8Array.of(0))]) {
    assert.equal(option({ logs: [{ publicKey }] }), 'transparency.logs[0].publicKey');
  }
  const { publicKey: short } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  assert.equal(option({ logs: [{ publicKey: publicKeyInfo(short) }] }), 'transparency.logs[0].publicKey');
  for (const kind of ['p384', 'ed25519', 'rsa-pss'] as const) {
    assert.equal(option({ logs: [argon, makeLog('Odd', { kind })] }), 'transparency.logs[1].publicKey');
  }
  for (const temporalInterval of [
    { from: 2, until: 1 },
    { from: 1, until: 1 },
    { from: Number.NaN, until: 1 },
  ]) {
    assert.equal(option({ logs: [{ ...argon, temporalInterval }] }), 'transparency.logs[0].temporalInterval');
  }
  assert.equal(option({ logs: [{ ...argon, retiredAt: Number.NaN }] }), 'transparency.logs[0].retiredAt');
});
