import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { nodeProvider } from 'handfast/crypto/node';
import { parseCertificate, type Verdict, verify } from 'handfast/x509';
import { explain } from '../src/explain.ts';
import { fancyStyle, plainStyle } from '../src/render/style.ts';
import { triedPathLines } from '../src/render/tried-paths.ts';
import { verdictLines } from '../src/render/verdict.ts';
import { type Question, verificationLines } from '../src/verify/text.ts';
import { folder, handfast } from './support/command.ts';
import { issue } from './support/library.ts';

type Issued = ReturnType<typeof issue>;

const DAY = 86_400_000;
const past = { notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY) };
const authority = (subject: string, issuer?: Issued, more: object = {}): Issued =>
  issue({ subject, ca: true, ...(issuer && { issuer }), ...more });

const [oldRoot, newRoot, unknown] = [authority('Old Root'), authority('New Root'), authority('Unknown')];
const crossKey = authority('Cross').key;
const middle = authority('Middle', authority('Cross', undefined, { key: crossKey }));
const cross = (issuer: Issued, more: object = {}): Issued =>
  authority('Cross', issuer, { key: crossKey, ...more });
const leaf = issue({ subject: 'a.test', issuer: middle, dnsNames: ['a.test'] });

function judge(chain: readonly Issued[], anchors: readonly Issued[]): Verdict {
  const [first, ...intermediates] = chain.map(({ der }) => parseCertificate(der));
  assert.ok(first);
  return verify({
    provider: nodeProvider,
    leaf: first,
    intermediates,
    anchors: anchors.map(({ der }) => ({ certificate: parseCertificate(der) })),
    at: Date.now(),
    purpose: 'server',
    name: 'a.test',
  }) as Verdict;
}

const QUESTION: Question = {
  files: ['chain.pem'],
  certificates: 4,
  purpose: 'server',
  name: 'a.test',
  at: '2026-11-24T00:00:00Z',
  revocation: { lists: 0, ocspResponses: 0, stapled: false, required: 'never' },
  transparency: null,
  authorities: { from: ['root.pem'], count: 1 },
};

/** Lines without what is new each time. */
const settled = (lines: readonly string[]): readonly string[] =>
  lines.map((line) =>
    line
      .replace(/\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?/g, (time) => 'T'.padEnd(time.length, '-'))
      .replace(/sha256 [0-9a-f]{8}/g, 'sha256 --------'),
  );

describe('the paths that were tried', () => {
  test('branch where they do, each with the check that failed', () => {
    const verdict = judge([leaf, middle, cross(unknown), cross(newRoot, past), cross(newRoot)], [newRoot]);
    assert.ok(verdict.ok);
    assert.deepEqual(settled(triedPathLines(plainStyle, verdict)), [
      'Paths that were tried before, and did not hold:',
      '`- CN=a.test (leaf, until T---------, sha256 --------)',
      '   `- CN=Middle (intermediate, until T---------, sha256 --------)',
      '      |- CN=Cross (intermediate, until T---------, sha256 --------)',
      '      |  x expired at T-------------------, and it is T------------------- (RFC',
      '      |    5280 section 4.1.2.5)',
      '      `- CN=Cross (intermediate, until T---------, sha256 --------)',
      "         x its issuer 'CN=Unknown' is neither among the trust anchors nor among",
      '           the certificates that were sent (RFC 5280 section 6.1.3 (a) (4))',
    ]);
  });

  test('of a refusal stand below what to do about it', () => {
    const verdict = judge([leaf, middle, cross(unknown), cross(oldRoot, past)], [oldRoot]);
    const lines = verificationLines(plainStyle, QUESTION, verdict);
    const text = lines.join(' ').replace(/[\s|]+/g, ' ');
    assert.match(
      text,
      /x CN=Old Root \(not gone on to\) x The intermediate 'CN=Cross': expired .*send the current certificate.* Other paths that were tried: `- CN=a\.test .*`- CN=Middle .*`- CN=Cross .*x its issuer 'CN=Unknown'/,
    );
  });

  test('a signature that another should have made is told under that other', () => {
    const impostor = authority('New Root');
    const verdict = judge([leaf, middle, cross(impostor), cross(unknown)], [newRoot]);
    assert.ok(!verdict.ok);
    assert.equal(verdict.rule, 'signature');
    const turned = judge([leaf, middle, cross(impostor), cross(newRoot)], [newRoot]);
    const text = triedPathLines(plainStyle, turned).join('\n');
    assert.match(
      text,
      /`- CN=New Root \(anchor.*\)\n {12}x The certificate of 'CN=Cross': its signature was not made by/,
    );
  });

  test('are not mentioned where there were none, and counted where there were many', () => {
    const right = [leaf, middle, cross(newRoot)];
    assert.deepEqual(triedPathLines(plainStyle, judge(right, [newRoot])), []);
    const many = Array.from({ length: 12 }, () => cross(newRoot, past));
    const lines = triedPathLines(plainStyle, judge([leaf, middle, ...many, cross(newRoot)], [newRoot]));
    assert.equal(lines.at(-1), '   and 4 more');
    assert.equal(lines.filter((line) => line.includes('CN=Cross')).length, 8);
  });

  test('are whole in JSON', async (t) => {
    const { file } = folder(t);
    const chain = [leaf, middle, cross(unknown), cross(newRoot, past), cross(newRoot)];
    const pem = file('chain.pem', chain.map((certificate) => certificate.pem).join(''));
    const args = ['verify', pem, '--name', 'a.test', '--ca', file('root.pem', newRoot.pem)];
    const { code, stdout, stderr } = await handfast([...args, '--json']);
    assert.equal(code, 0, stderr);
    const { verdict } = JSON.parse(stdout) as { readonly verdict: Verdict };
    assert.deepEqual(
      verdict.otherPaths?.map(({ path, at, rule }) => [path.map(({ role }) => role).join(), at, rule]),
      [
        ['leaf,intermediate,intermediate', 2, 'notAfter'],
        ['leaf,intermediate,intermediate', 2, 'issuer'],
      ],
    );
    assert.equal(verdict.pathsLeftOut, 0);
  });
});

describe('names that are made to deceive', () => {
  const hostile = [
    ['O', 'A'.repeat(10_000)],
    ['CN', '\u202eevil\u001b[31m\r\n\u0007\u2028\u{e0041}'],
  ] as const;
  const root = authority('x', undefined, { subject: hostile });
  const below = issue({ subject: hostile, issuer: root, dnsNames: ['a.test'] });

  test('are printable, and cut short, in every text', () => {
    const verdict = judge([below, root, authority('y', undefined, { subject: hostile })], [newRoot]);
    assert.ok(!verdict.ok);
    for (const style of [plainStyle, fancyStyle(80)]) {
      for (const lines of [
        verificationLines(style, QUESTION, verdict),
        verdictLines(style, verdict),
        triedPathLines(style, verdict),
      ]) {
        const text = stripVTControlCharacters(lines.join('\n'));
        assert.doesNotMatch(text, /[^\P{C}\n]|[\u2028\u2029]/u);
        assert.match(text, /more characters/);
        assert.ok(text.length < 20_000, `${text.length} characters`);
        for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
      }
    }
    assert.ok(JSON.stringify(verdict).length > 60_000, 'nothing is left out of JSON');
  });

  test('are so in errors, too', async () => {
    const { verdictError } = await import('handfast/x509');
    const verdict = judge([below, root], [newRoot]);
    assert.ok(!verdict.ok);
    const { text } = explain(verdictError(verdict), { host: 'a.test', port: 443 });
    assert.doesNotMatch(text, /\p{C}/u);
    assert.ok(text.length < 2_500, `${text.length} characters`);
  });
});
