import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { chainVerifier } from '../../src/handshake/verifier.ts';
import { ConfigError } from '../../src/wire/errors.ts';
import { MAX_REVOCATION_LISTS } from '../../src/x509/limits.ts';
import { verify } from '../../src/x509/path.ts';
import { parseCertificateRevocationList } from '../../src/x509/revocation/crl.ts';
import type { RevocationOptions } from '../../src/x509/revocation/revocations.ts';
import type { Accepted } from '../../src/x509/verdict.ts';
import * as der from '../support/der.ts';
import { encodeName, type Issued, issue, makeKey, testPki } from '../support/pki.ts';
import {
  type CertificatePointSpec,
  distributionPoints,
  type ListOptions,
  makeList,
  Reason,
} from '../support/revocation.ts';
import { accepts, countingProvider, judge, parse, refuses } from './support.ts';

// RFC 5280 section 6.3, beside PKITS: every sentence, and what an attacker might try.

const LIMIT = { timeout: 20_000 };
const { root, intermediate, server } = testPki();
const chain = [server, intermediate];
const HOUR = 3_600_000;
const hours = (count: number): Date => new Date(Date.now() + count * HOUR);

const list = (issuer: Issued, options?: ListOptions) =>
  parseCertificateRevocationList(makeList(issuer, options));
const ofRoot = list(root);
const leafRevoked = { revoked: [{ certificate: server, reason: Reason.keyCompromise }] };

/** All rules under which the certificates of an accepted path were checked for revocation, leaf first. */
function statuses({ path }: Accepted): readonly string[] {
  return path.map(
    ({ checks }) => checks.find(({ rule }) => rule.startsWith('revocation'))?.sentence.split(',')[0] ?? '-',
  );
}

const revokedBy = (...revocation: readonly RevocationOptions[]): void => {
  for (const one of revocation) refuses('revocation', /revoked at/, chain, [root], { revocation: one });
};

test('nothing is asked where nothing is given', LIMIT, () => {
  assert.deepEqual(statuses(accepts(chain, [root])), ['-', '-', '-']);
  assert.deepEqual(statuses(accepts(chain, [root], { revocation: {} })), ['-', '-', '-']);
});

test('a certificate that its issuer has not revoked is good, and the verdict says so', LIMIT, () => {
  const revocation = { crls: [ofRoot, list(intermediate)], require: 'chain' } as const;
  const verdict = accepts(chain, [root], { revocation });
  assert.deepEqual(statuses(verdict), ['it is not revoked', 'it is not revoked', '-']);
  const check = verdict.path[0]?.checks.find(({ rule }) => rule === 'revocation');
  assert.equal(check?.source, 'RFC 5280 section 6.3');
  assert.match(check?.sentence ?? '', /says the revocation list of 'CN=Test intermediate p256' of \d{4}-/);
});

test('a revoked leaf is refused, whatever is required', LIMIT, () => {
  for (const require of ['never', 'leaf', 'chain'] as const) {
    const revocation = { crls: [ofRoot, list(intermediate, leafRevoked)], require };
    const verdict = refuses(
      'revocation',
      /'CN=localhost': it was revoked at .* \(keyCompromise\), says/,
      chain,
      [root],
      {
        revocation,
      },
    );
    assert.equal(verdict.error, 'ERR_CERTIFICATE_REVOKED');
    assert.equal(verdict.certificate, 'CN=localhost');
    assert.equal(verdict.path.length, 3);
  }
  // Any reason counts, and so does none; a hold is a revocation while it lasts.
  revokedBy(
    { crls: [list(intermediate, { revoked: [{ certificate: server }] })] },
    { crls: [list(intermediate, { revoked: [{ certificate: server, reason: Reason.certificateHold }] })] },
  );
});

test('a revoked intermediate is refused, and the verdict names it', LIMIT, () => {
  const crls = [list(root, { revoked: [{ certificate: intermediate }] })];
  const verdict = refuses('revocation', /'CN=Test intermediate p256'/, chain, [root], {
    revocation: { crls },
  });
  assert.equal(verdict.certificate, 'CN=Test intermediate p256');
});

test('another path is found around a revoked intermediate, not around a revoked leaf', LIMIT, () => {
  const key = makeKey('p256');
  const [first, second] = [1, 2].map((serial) =>
    issue({ subject: 'Twice', key, issuer: root, ca: true, serial }),
  );
  assert.ok(first && second);
  const leaf = issue({ subject: 'x', issuer: first, dnsNames: ['localhost'] });
  const withFirstRevoked = list(root, { revoked: [{ certificate: first }] });
  accepts([leaf, first, second], [root], { revocation: { crls: [withFirstRevoked, list(first)] } });
  const crls = [list(first, { revoked: [{ certificate: leaf }] })];
  refuses('revocation', /'CN=x'/, [leaf, first, second], [root], { revocation: { crls } });
});

test('what must be known and is not is refused', LIMIT, () => {
  const unknown = (require: 'leaf' | 'chain', crls: RevocationOptions['crls'], words: RegExp): void => {
    const verdict = refuses('revocationStatus', words, chain, [root], {
      revocation: { require, ...(crls && { crls }) },
    });
    assert.equal(verdict.error, 'ERR_CERTIFICATE_UNKNOWN');
  };
  unknown('leaf', undefined, /'CN=localhost'.*must be: no revocation list and no OCSP response speaks of it/);
  unknown('chain', undefined, /'CN=Test intermediate p256'.*must be/);
  unknown(
    'chain',
    [list(intermediate)],
    /'CN=Test intermediate p256'.*no revocation list at hand speaks of 'CN=Test root/,
  );
  unknown('chain', [ofRoot], /'CN=localhost'.*no revocation list at hand speaks of 'CN=Test intermediate/);
  accepts(chain, [root], { revocation: { require: 'leaf', crls: [list(intermediate)] } });
  const verdict = accepts(chain, [root], { revocation: { crls: [ofRoot] } });
  assert.deepEqual(statuses(verdict), [
    "whether it was revoked is not known: no revocation list at hand speaks of 'CN=Test intermediate p256'",
    'it is not revoked',
    '-',
  ]);
});

const stranger = issue({ subject: 'Test intermediate p256', key: makeKey('p256'), ca: true });

/** Lists that are about the leaf, and cannot be used; each with what is said about it. */
const UNUSABLE: readonly (readonly [what: string, by: Issued, options: ListOptions, words: RegExp])[] = [
  ['from tomorrow', intermediate, { thisUpdate: hours(24), nextUpdate: hours(48) }, /has not come yet/],
  [
    'that has run out',
    intermediate,
    { thisUpdate: hours(-48), nextUpdate: hours(-24) },
    /it held until \S+ only\./,
  ],
  ['that never runs out', intermediate, { nextUpdate: null }, /no nextUpdate/],
  ['that ends before it begins', intermediate, { nextUpdate: hours(-2) }, /ends before it begins/],
  ['of a stranger with the same name', stranger, {}, /signature was not made by 'CN=Test intermediate/],
  ['with a weak signature', intermediate, { signatureHash: 'sha1' }, /SHA-1.*too weak/],
  ['for some reasons only', intermediate, { scope: { reasons: [2, 3] } }, /does not speak of all reasons/],
];

for (const [what, by, options, words] of UNUSABLE) {
  test(`a list ${what} does not tell that a certificate is good`, LIMIT, () => {
    refuses('revocationStatus', words, chain, [root], {
      revocation: { crls: [list(by, options)], require: 'leaf' },
    });
  });
}

test('what cannot be used does not tell that a certificate is revoked, either', LIMIT, () => {
  accepts(chain, [root], { revocation: { crls: [list(stranger, leafRevoked)] } });
});

const OUT_OF_SCOPE: readonly (readonly [what: string, options: ListOptions])[] = [
  ['about authorities', { scope: { only: 'authorities' } }],
  ['about attribute certificates', { scope: { only: 'attributes' } }],
  ['of another distribution point', { scope: { fullName: [{ uri: 'http://a.test/1' }] } }],
  ['of another issuer', { issuerName: 'Somebody else' }],
];

for (const [what, options] of OUT_OF_SCOPE) {
  test(`a list ${what} says nothing about a leaf`, LIMIT, () => {
    refuses('revocationStatus', /no revocation list at hand/, chain, [root], {
      revocation: { crls: [list(intermediate, options)], require: 'leaf' },
    });
  });
}

test('a list about users says nothing about an authority', LIMIT, () => {
  refuses('revocationStatus', /Test intermediate/, chain, [root], {
    revocation: { crls: [list(root, { scope: { only: 'users' } }), list(intermediate)], require: 'chain' },
  });
});

test('clocks may differ, as far as the caller allows', LIMIT, () => {
  const crls = [list(intermediate, { thisUpdate: hours(-4), nextUpdate: hours(-3) })];
  const about = (clockTolerance?: number) => ({
    revocation: { crls, require: 'leaf' as const, ...(clockTolerance !== undefined && { clockTolerance }) },
  });
  refuses('revocationStatus', /held until/, chain, [root], about());
  accepts(chain, [root], about(4 * HOUR));
  const option = (error: unknown) =>
    error instanceof ConfigError && error.option === 'revocation.clockTolerance';
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => judge(chain, [root], about(wrong)), option);
    const rules = { provider: nodeProvider, anchors: [], revocation: { clockTolerance: wrong } };
    assert.throws(() => chainVerifier(rules), option);
  }
});

test('the key of the issuer must be one that may sign lists', LIMIT, () => {
  const mute = issue({ subject: 'Mute', issuer: root, ca: true, keyUsage: ['keyCertSign'] });
  const leaf = issue({ subject: 'x', issuer: mute, dnsNames: ['localhost'] });
  refuses(
    'revocationStatus',
    /may not sign revocation lists \(keyUsage lacks cRLSign\)/,
    [leaf, mute],
    [root],
    {
      revocation: { crls: [list(mute)], require: 'leaf' },
    },
  );
});

test('an anchor that is only a name and a key signs lists', LIMIT, () => {
  const key = parse(root).publicKeyInfo.key;
  assert.ok(key);
  const ask = (crl: Uint8Array) =>
    verify({
      provider: nodeProvider,
      leaf: parse(server),
      intermediates: [parse(intermediate)],
      anchors: [{ name: parse(root).subject, key }],
      at: Date.now(),
      purpose: 'server',
      name: 'localhost',
      revocation: { crls: [parseCertificateRevocationList(crl), list(intermediate)], require: 'chain' },
    });
  const good = ask(makeList(root));
  assert.ok('ok' in good && good.ok);
  const revoked = ask(makeList(root, { revoked: [{ certificate: intermediate }] }));
  assert.ok('ok' in revoked && !revoked.ok && revoked.rule === 'revocation');
});

// Others who sign lists

const crlIssuer = issue({ subject: 'Lists', issuer: root, keyUsage: ['cRLSign'] });
const pointing = (...points: readonly CertificatePointSpec[]): Issued =>
  issue({
    subject: 'x',
    issuer: intermediate,
    dnsNames: ['localhost'],
    extraExtensions: [distributionPoints(...points)],
  });
const indirect: ListOptions = { scope: { indirect: true, fullName: [{ uri: 'http://a.test/' }] } };
const leafOfOther = pointing({ fullName: [{ uri: 'HTTP://A.test/' }], crlIssuer: 'Lists' });
const entryOfOther = { certificate: leafOfOther, certificateIssuer: 'Test intermediate p256' };

test('an indirect list is believed when its issuer has a path to the same anchor', LIMIT, () => {
  const ask = (crls: RevocationOptions['crls'], certificates: readonly Issued[]) => ({
    revocation: { crls: crls ?? [], certificates: certificates.map(parse), require: 'leaf' as const },
  });
  const path = [leafOfOther, intermediate];
  const good = [list(crlIssuer, indirect)];
  accepts(path, [root], ask(good, [crlIssuer]));
  accepts([...path, crlIssuer], [root], ask(good, []));
  refuses(
    'revocationStatus',
    /no certificate of its issuer 'CN=Lists' is at hand/,
    path,
    [root],
    ask(good, []),
  );
  const revoked = [list(crlIssuer, { ...indirect, revoked: [entryOfOther] })];
  refuses('revocation', /revoked at/, path, [root], ask(revoked, [crlIssuer]));
  const direct = [list(crlIssuer, { scope: { fullName: [{ uri: 'http://a.test/' }] } })];
  refuses('revocationStatus', /at hand/, path, [root], ask(direct, [crlIssuer]));

  const other = issue({ subject: 'Other root', ca: true });
  const impostor = issue({ subject: 'Lists', key: crlIssuer.key, issuer: other, keyUsage: ['cRLSign'] });
  const elsewhere = /has no valid path to the same trust anchor/;
  refuses('revocationStatus', elsewhere, path, [root], ask(good, [impostor]));
  refuses('revocationStatus', elsewhere, path, [root, other], ask(good, [impostor, other]));
  const expired = issue({
    subject: 'Lists',
    key: crlIssuer.key,
    issuer: root,
    keyUsage: ['cRLSign'],
    notAfter: hours(-1),
  });
  refuses('revocationStatus', elsewhere, path, [root], ask(good, [expired]));
});

test('who signs lists may be revoked', LIMIT, () => {
  const crls = [list(crlIssuer, indirect), list(root, { revoked: [{ certificate: crlIssuer }] })];
  refuses('revocationStatus', /no valid path/, [leafOfOther, intermediate], [root], {
    revocation: { crls, certificates: [parse(crlIssuer)], require: 'leaf' },
  });
});

test('names of distribution points: one in common is enough, in full or relative', LIMIT, () => {
  const relativeName = der.sequence(der.oid('2.5.4.3'), der.utf8String('part 1'));
  const fullName = [
    {
      directory: [
        ['CN', 'Test intermediate p256'],
        ['CN', 'part 1'],
      ] as const,
    },
  ];
  for (const point of [{ relativeName }, { fullName }, { fullName: [{ dns: 'a.test' }, ...fullName] }]) {
    for (const scope of [{ relativeName }, { fullName }]) {
      accepts([pointing(point), intermediate], [root], {
        revocation: { crls: [list(intermediate, { scope })], require: 'leaf' },
      });
    }
  }
  for (const [one, other] of [
    [{ dns: 'A.test' }, { dns: 'a.test' }],
    [{ email: 'me@A.test' }, { email: 'me@a.test' }],
    [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }],
    [{ registeredId: '1.2.3' }, { registeredId: '1.2.3' }],
  ] as const) {
    accepts([pointing({ fullName: [one] }), intermediate], [root], {
      revocation: { crls: [list(intermediate, { scope: { fullName: [other] } })], require: 'leaf' },
    });
  }
  for (const [one, other] of [
    [{ dns: 'b.test' }, { dns: 'a.test' }],
    [{ email: 'Me@a.test' }, { email: 'me@a.test' }],
    [{ uri: 'http://a.test/A' }, { uri: 'http://a.test/a' }],
    [{ dns: 'a.test' }, { uri: 'a.test' }],
    [{ directory: 'a' }, { dns: 'a' }],
  ] as const) {
    refuses('revocationStatus', /at hand/, [pointing({ fullName: [one] }), intermediate], [root], {
      revocation: { crls: [list(intermediate, { scope: { fullName: [other] } })], require: 'leaf' },
    });
  }
});

test('lists that each speak of some reasons speak of all together', LIMIT, () => {
  const some = list(intermediate, { scope: { reasons: [1, 2, 3] } });
  const others = list(intermediate, { scope: { reasons: [4, 5, 6, 7, 8] } });
  accepts(chain, [root], { revocation: { crls: [some, others], require: 'leaf' } });
  refuses('revocationStatus', /all reasons/, chain, [root], {
    revocation: { crls: [some, some], require: 'leaf' },
  });
});

test('the newest list counts', LIMIT, () => {
  const old = list(intermediate, { thisUpdate: hours(-10), number: 1 });
  const held = list(intermediate, { thisUpdate: hours(-5), number: 2, ...leafRevoked });
  const released = list(intermediate, { thisUpdate: hours(-2), number: 3 });
  revokedBy({ crls: [old, held] }, { crls: [held, old] });
  accepts(chain, [root], { revocation: { crls: [old, released, held], require: 'leaf' } });
});

// Deltas

const base = list(intermediate, { number: 5 });
const delta = (options: ListOptions) => list(intermediate, { number: 7, base: 5, ...options });

test('a delta adds to its base and takes away from it', LIMIT, () => {
  revokedBy({ crls: [base, delta(leafRevoked)] });
  accepts(chain, [root], {
    revocation: { crls: [base, delta(leafRevoked)], useDeltas: false, require: 'leaf' },
  });
  const held = list(intermediate, { number: 5, ...leafRevoked });
  const removed = delta({ revoked: [{ certificate: server, reason: Reason.removeFromCRL }] });
  accepts(chain, [root], { revocation: { crls: [held, removed], require: 'leaf' } });
  revokedBy({ crls: [held, delta({})] }, { crls: [held, removed], useDeltas: false });
});

test('a delta keeps a base alive that has run out', LIMIT, () => {
  const old = list(intermediate, { number: 5, thisUpdate: hours(-48), nextUpdate: hours(-24) });
  accepts(chain, [root], { revocation: { crls: [old, delta({})], require: 'leaf' } });
  refuses('revocationStatus', /held until .*, and no delta that builds on it is signed/, chain, [root], {
    revocation: { crls: [old, delta({ signWith: makeKey('p256') })], require: 'leaf' },
  });
});

const NO_DELTAS: readonly (readonly [what: string, options: ListOptions])[] = [
  ['that builds on a later list', { base: 6 }],
  ['that is not newer', { number: 5 }],
  ['without a number', { number: null }],
  ['that has run out', { thisUpdate: hours(-48), nextUpdate: hours(-24) }],
  ['of another scope', { scope: { only: 'users' } }],
  ['of another key', { keyIdentifier: Uint8Array.of(1) }],
  ['signed with another key', { signWith: makeKey('p256') }],
  ['with a weak signature', { signatureHash: 'sha1' }],
  ['of another issuer', { issuerName: 'Somebody else' }],
];

for (const [what, options] of NO_DELTAS) {
  test(`a delta ${what} is not applied, and does no harm to the base`, LIMIT, () => {
    const removed = { revoked: [{ certificate: server, reason: Reason.removeFromCRL }] };
    revokedBy({
      crls: [list(intermediate, { number: 5, ...leafRevoked }), delta({ ...removed, ...options })],
    });
    accepts(chain, [root], {
      revocation: { crls: [base, delta({ ...leafRevoked, ...options })], require: 'leaf' },
    });
  });
}

test('a delta alone says nothing, and a base without a number has none', LIMIT, () => {
  refuses('revocationStatus', /must be: no revocation list/, chain, [root], {
    revocation: { crls: [delta({})], require: 'leaf' },
  });
  accepts(chain, [root], {
    revocation: { crls: [list(intermediate, { number: null }), delta(leafRevoked)], require: 'leaf' },
  });
});

// Work

test('more lists, or more signers, than are looked at', LIMIT, () => {
  const crls = Array.from({ length: MAX_REVOCATION_LISTS + 1 }, () => ofRoot);
  refuses('budget', /101 revocation lists were given; at most 100/, chain, [root], { revocation: { crls } });
  const certificates = Array.from({ length: 101 }, () => parse(root));
  refuses('budget', /101 certificates of those who sign statuses/, chain, [root], {
    revocation: { certificates },
  });
});

test('thousands of distribution points end at a limit', LIMIT, () => {
  const many = Array.from({ length: 600 }, (_, i) => ({ fullName: [{ uri: `http://${i}.test/` }] }));
  const crls = Array.from({ length: 10 }, () =>
    list(intermediate, { scope: { fullName: [{ uri: 'http://x/' }] } }),
  );
  refuses('budget', /more than 5000 scopes of revocation lists/, [pointing(...many), intermediate], [root], {
    revocation: { crls },
  });
});

test('lists that are signed wrongly cost as much as certificates that are', LIMIT, () => {
  const { provider, count } = countingProvider();
  const crls = Array.from({ length: 100 }, () => list(stranger));
  refuses('budget', /more than 100 signatures/, chain, [root], { provider, revocation: { crls } });
  assert.equal(count(), 100);
});

test('signers of lists whose status depends on each other come to an end', LIMIT, () => {
  const names = ['A', 'B', 'C'];
  const signers = names.map((name, index) =>
    issue({
      subject: name,
      issuer: root,
      keyUsage: ['cRLSign'],
      extraExtensions: [distributionPoints({ crlIssuer: names[(index + 1) % names.length] ?? '' })],
    }),
  );
  const crls = signers.map((signer) => list(signer, { scope: { indirect: true } }));
  const leaf = pointing({ crlIssuer: 'A' });
  accepts([leaf, intermediate], [root], {
    revocation: { crls: [...crls, ofRoot], certificates: signers.map(parse), require: 'leaf' },
  });
});

test('an issuer cannot be made up by a name that only looks like it', LIMIT, () => {
  const lookalike = issue({ subject: 'Lists', issuer: intermediate, dnsNames: ['evil.test'] });
  const signed = list(lookalike, { ...indirect });
  refuses('revocationStatus', /may not sign revocation lists/, [leafOfOther, intermediate], [root], {
    revocation: { crls: [signed], certificates: [parse(lookalike)], require: 'leaf' },
  });
  assert.deepEqual(encodeName('Lists'), lookalike.subject);
});
