/** How deep a chain may be: at the limit, and one beyond. */
import { test } from 'node:test';
import { MAX_PATH_LENGTH } from '../../src/x509/limits.ts';
import { type Issued, issue, testPki } from '../support/pki.ts';
import { accepts, refuses } from './support.ts';

/** A chain with so many intermediates between leaf and root, leaf first. */
function deep(intermediates: number): Issued[] {
  const { root } = testPki();
  const chain: Issued[] = [];
  let issuer = root;
  for (let i = 0; i < intermediates; i++) {
    issuer = issue({ subject: `Intermediate ${i}`, issuer, ca: true });
    chain.unshift(issuer);
  }
  return [issue({ subject: 'localhost', dnsNames: ['localhost'], issuer }), ...chain];
}

test('a path has at most MAX_PATH_LENGTH intermediates', () => {
  const { root } = testPki();
  accepts(deep(MAX_PATH_LENGTH), [root]);
  refuses('pathLength', /./, deep(MAX_PATH_LENGTH + 1), [root]);
});
