import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeBlock } from '../src/inspect/describe.ts';
import type { Description } from '../src/inspect/description.ts';
import { blocksOf } from '../src/inspect/input.ts';
import { folder, handfast } from './support/command.ts';
import { der, testPki, toPem } from './support/library.ts';

const LIMIT = { timeout: 60_000 };
const { intermediate, root } = testPki();

/** A certs-only message (RFC 8551 section 3.8), or one of another type. */
function message(certificates: readonly Uint8Array[], type = '1.2.840.113549.1.7.2'): Uint8Array {
  const data = der.sequence(
    der.integer(1),
    der.set(),
    der.sequence(der.oid('1.2.840.113549.1.7.1')),
    der.context(0, ...certificates),
    der.set(),
  );
  return der.sequence(der.oid(type), der.context(0, data));
}

async function told(bytes: Uint8Array): Promise<Description> {
  const [block] = blocksOf('a.p7b', bytes);
  assert.ok(block);
  return describeBlock(block);
}

test('the certificates of a PKCS #7 message', LIMIT, async (t) => {
  const bytes = message([intermediate.der, root.der]);
  const path = join(folder(t).path, 'a.p7b');
  writeFileSync(path, toPem('PKCS7', bytes));
  const { code, stdout } = await handfast(['inspect', path, '--hex']);
  assert.equal(code, 0);
  assert.match(stdout, /PKCS #7 message =+\n.*\(PEM: PKCS7\)\n {2}holds {9}2 certificates\n/);
  assert.match(stdout, /certificate 2 of 2\n {2}subject {7}CN=Test root p256/);
  assert.match(stdout, /SignedData SEQUENCE .*tbsCertificate SEQUENCE/s);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  const { data } = await told(bytes);
  const certificates = data['certificates'] as readonly { readonly subject: string }[];
  assert.deepEqual(
    certificates.map(({ subject }) => subject),
    ['CN=Test intermediate p256', 'CN=Test root p256'],
  );
});

test('messages of other types, and damaged ones', LIMIT, async () => {
  const sealed = await told(message([], '1.2.840.113549.1.7.3'));
  assert.equal(sealed.kind, 'PKCS #7 message');
  assert.match(sealed.problem ?? '', /contentType: expected signedData, found/);
  const cut = await told(message([root.der]).slice(0, 100));
  assert.ok(cut.problem !== undefined);
});
