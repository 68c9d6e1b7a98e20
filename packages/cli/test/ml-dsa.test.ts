import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { folder, handfast } from './support/command.ts';
import { issueWith, makeMlDsaKey, toPem } from './support/library.ts';

const LIMIT = { timeout: 110_000 };
const root = issueWith(makeMlDsaKey('ML-DSA-65'), { subject: 'New root', ca: true });
const leafKey = makeMlDsaKey('ML-DSA-44');
const leaf = issueWith(leafKey, { subject: 'localhost', dnsNames: ['localhost'], issuer: root });

function files(t: TestContext) {
  const { file } = folder(t);
  return {
    root: file('root.pem', root.pem),
    leaf: file('leaf.pem', leaf.pem),
    key: file('leaf.key', toPem('PRIVATE KEY', leafKey.pkcs8)),
  };
}

describe('certificates with ML-DSA', LIMIT, () => {
  test('are judged', async (t) => {
    const paths = files(t);
    const { code, stdout, stderr } = await handfast([
      'verify',
      paths.leaf,
      '--name',
      'localhost',
      '--ca',
      paths.root,
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\+ it is signed with ML-DSA-65 \(RFC 5280/);
    assert.match(stdout, /\+ its key \(ML-DSA-44\) is strong enough/);
    assert.match(
      stdout.replace(/[\s|]+/g, ' '),
      /\+ its ML-DSA-44 key is for signatures only \(RFC 9881 section 5\)/,
    );
  });

  test('are shown', async (t) => {
    const { code, stdout } = await handfast(['inspect', files(t).leaf]);
    assert.equal(code, 0);
    assert.match(stdout, /public key +ML-DSA-44\n/);
    assert.match(stdout, /signed with +ML-DSA-65\n/);
    const json = await handfast(['inspect', files(t).leaf, '--json']);
    assert.match(json.stdout, /"signatureAlgorithm": "ML-DSA-65"/);
  });

  test('are refused for handshakes, with what to take instead', async (t) => {
    const { leaf: cert, key, root: trusted } = files(t);
    for (const command of [
      ['connect', '127.0.0.1:1', '--ca', trusted],
      ['serve', '--port', '0'],
    ]) {
      const { code, stdout, stderr } = await handfast([...command, '--cert', cert, '--key', key]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(
        stderr.replace(/\s+/g, ' '),
        /cannot be signed with an ML-DSA key: .* take an ECDSA, Ed25519, Ed448 or RSA key/,
      );
    }
  });
});
