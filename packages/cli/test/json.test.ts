import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { nodeProvider } from 'handfast/crypto/node';
import { encodeOcspRequest, parseCertificate } from 'handfast/x509';
import { folder, handfast } from './support/command.ts';
import { issue, makeList, makeOcspResponse, ocspFailure, testPki, toPem } from './support/library.ts';
import {
  certificateBag,
  encrypt,
  encryptedKeyBag,
  encryptedPart,
  fixture,
  keyBag,
  listBag,
  PASSWORD,
  plainPart,
  scryptEncrypt,
  secretBag,
  store,
} from './support/store.ts';

// docs/json.md says what programs may rely on: what is printed and what is told there are the same.

const LIMIT = { timeout: 100_000 };
const { root, intermediate, server } = testPki();
const page = readFileSync(new URL('../../../../docs/json.md', import.meta.url), 'utf8');

/** The text below a heading. */
function section(heading: string): string {
  const [, text] = page.split(`\n${heading}\n`);
  assert.ok(text !== undefined, heading);
  return (text.split(/\n#{2,3} /)[0] ?? '').trim();
}

type Data = Readonly<Record<string, unknown>>;

const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The paths to all members of a value that are no objects or lists themselves, and to empty ones. */
function paths(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((member) => paths(member, `${path}[]`));
  if (!isData(value)) return [path];
  return Object.entries(value).flatMap(([name, member]) =>
    paths(member, path === '' ? name : `${path}.${name}`),
  );
}

describe('docs/json.md', LIMIT, () => {
  test('has every member of verify, and no other', async (t) => {
    const { file } = folder(t);
    const twin = issue({ subject: 'Test intermediate p256', issuer: root, ca: true, key: intermediate.key });
    const old = issue({
      subject: 'Test intermediate p256',
      issuer: root,
      ca: true,
      key: intermediate.key,
      notAfter: new Date(Date.now() - 3_600_000),
    });
    const chain = file('chain.pem', server.pem + old.pem + twin.pem);
    const question = ['verify', chain, '--ca', file('root.pem', root.pem), '--json'];
    const documents = [
      await handfast([...question, '--name', 'localhost']),
      await handfast([...question, '--name', 'other.test', '--require-status', 'leaf']),
    ].map(({ stdout }) => JSON.parse(stdout) as Data);
    const rows = [...section('## `handfast verify --json`').matchAll(/^\| `([^`]+)` \|/gm)];
    const told = new Map(
      rows.map(([, name = '']) => (name.startsWith('[') ? [name.slice(1, -1), true] : [name, false])),
    );
    const printed = new Set(
      documents
        .flatMap((document) => paths(document, ''))
        .map((path) => path.replace(/^(verdict\.otherPaths\[\]\.path\[\]).*/, '$1')),
    );
    for (const path of printed) assert.ok(told.has(path), `docs/json.md lacks ${path}`);
    for (const [path, optional] of told) {
      const isThere = printed.has(path) || printed.has(`${path}[]`);
      assert.ok(optional || isThere, `docs/json.md tells ${path}, which is not there`);
    }
    assert.ok(printed.has('verdict.otherPaths[].rule') && printed.has('verdict.advice'));
  });

  /** Files of every kind. */
  function everything(t: TestContext): readonly string[] {
    const { path, file } = folder(t);
    const binary = (name: string, bytes: Uint8Array): string => {
      writeFileSync(join(path, name), bytes);
      return join(path, name);
    };
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const lock = { cipher: 'aes-128-cbc', passphrase: PASSWORD } as const;
    const key = privateKey.export({ type: 'pkcs8', format: 'der' });
    const issuer = { certificate: server, at: new Date(), reason: 1, invalidityDate: new Date() };
    const list = makeList(intermediate, { revoked: [{ ...issuer, certificateIssuer: 'Other' }] });
    const single = { certificate: server, issuer: intermediate };
    const answers = [{ ...single, status: { reason: 1 } }, single];
    const response = makeOcspResponse(answers, { nonce: Uint8Array.of(1), certificates: [root.der] });
    const request = encodeOcspRequest(parseCertificate(server.der), parseCertificate(root.der), {
      provider: nodeProvider,
      nonce: Uint8Array.of(1),
    });
    const odd = store(
      [
        plainPart(
          secretBag(Uint8Array.of(1)),
          listBag(list),
          keyBag(key),
          certificateBag(Uint8Array.of(5, 0)),
        ),
        plainPart(encryptedKeyBag(encrypt(key)), certificateBag(server.der, '1.2.3')),
        encryptedPart(scryptEncrypt(Uint8Array.of(5, 0))),
      ],
      { kind: 'pbmac1' },
    );
    return [
      file('server.pem', server.pem),
      binary('list.crl', list),
      binary('response.der', response),
      binary('later.der', ocspFailure(3)),
      binary('request.der', request),
      file('public.pem', createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string),
      binary('key.der', key),
      file('locked.pem', privateKey.export({ type: 'pkcs8', format: 'pem', ...lock }) as string),
      file('old.pem', privateKey.export({ type: 'sec1', format: 'pem', ...lock }) as string),
      file('parameters.pem', toPem('EC PARAMETERS', Uint8Array.of(5, 0))),
      binary('modern.p12', fixture('modern.p12')),
      binary('odd.p12', odd),
    ];
  }

  const NAMED = /`\[?(\w+)\]?`/g;

  test('has every member of the kinds of inspect', async (t) => {
    const files = everything(t);
    const args = ['inspect', ...files, '--json', '--hex'];
    const { code, stdout } = await handfast(args, { env: { HANDFAST_PASSPHRASE: PASSWORD } });
    assert.equal(code, 2, 'one of them is damaged');
    const document = JSON.parse(stdout) as { readonly ok: boolean; readonly blocks: readonly Data[] };
    assert.deepEqual(Object.keys(document), ['ok', 'blocks']);
    const common = [...section('## `handfast inspect --json`').matchAll(NAMED)].map(([, name]) => name);
    const seen = new Set<string>();
    /** What is inside of a member, and what the page says of it in any place. */
    const check = (kind: string, data: Data, known: readonly (string | undefined)[]): void => {
      const own = [...section(`### ${kind}`).matchAll(NAMED)].map(([, name]) => name);
      seen.add(kind);
      for (const [name, value] of Object.entries(data)) {
        assert.ok([...own, ...known].includes(name), `docs/json.md, ${kind}: ${name} is missing`);
        inside(kind, name, value, own);
      }
    };
    const inside = (
      kind: string,
      name: string,
      value: unknown,
      own: readonly (string | undefined)[],
    ): void => {
      if (name === 'value' || name === 'fields') return;
      if (Array.isArray(value)) {
        for (const member of value) inside(kind, name, member, own);
        return;
      }
      if (!isData(value)) return;
      if (name === 'certificates') check('certificate', value, []);
      else if (name === 'contents') checkEntry(value);
      else checkMembers(kind, name, value, own);
    };
    const checkEntry = (entry: Data): void => {
      const { kind } = entry;
      const named = ['friendlyName', 'kind', 'localKeyId', 'otherAttributes'];
      if (kind === 'secret' || kind === 'entry of an unknown kind') {
        assert.deepEqual(Object.keys(entry).sort(), [...named, 'type']);
      } else check(String(kind), entry, [...named, 'encryption', 'problem']);
    };
    const checkMembers = (
      kind: string,
      name: string,
      value: Data,
      own: readonly (string | undefined)[],
    ): void => {
      for (const [member, deeper] of Object.entries(value)) {
        assert.ok(
          [...own, ...common].includes(member),
          `docs/json.md, ${kind}: ${name}.${member} is missing`,
        );
        inside(kind, member, deeper, own);
      }
    };
    for (const block of document.blocks) check(String(block['kind']), block, common);
    const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
    const missing = headings.filter((heading) => heading !== undefined && !seen.has(heading));
    // These two have tests of their own.
    assert.deepEqual(missing, ['certificate request', 'PKCS #7 message']);
  });
});
