/**
 * Project Wycheproof against a provider: every vector of every primitive that it offers. What a vector file asks for
 * and TLS has no use for is named with its reason, and counted.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Awaitable, CryptoProvider, SigningKey } from '../../src/crypto/provider.ts';
import { fromHex } from '../../src/wire/bytes.ts';
import type { NamedGroup } from '../../src/wire/registry.ts';
import { skipWithoutVectors, VECTORS_FOLDER } from '../support/vectors.ts';

/** What is tested: a provider, and what it does with private keys that the vectors give. */
export interface Subject {
  readonly provider: CryptoProvider;
  /** Throws `ERR_BAD_KEY_SHARE` for a share that must be refused. */
  sharedSecret(group: NamedGroup, privateKey: Uint8Array, peerShare: Uint8Array): Awaitable<Uint8Array>;
  /** An RSA key in PKCS #8. */
  rsaKey(pkcs8: Uint8Array): SigningKey;
}

/** The members of a vector or of its group; which there are depends on the file. */
export interface Fields {
  readonly [name: string]: unknown;
}

export interface Vector extends Fields {
  readonly tcId: number;
  readonly comment: string;
  readonly flags?: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

export interface VectorGroup extends Fields {
  readonly tests: readonly Vector[];
}

/**
 * What the subject did with a vector; `wrong result` where it took the input but came to another output, and
 * `not offered: ...` where it has no such primitive.
 */
export type Outcome = 'accepted' | 'refused' | 'wrong result' | `not offered: ${string}`;

export interface VectorFile {
  readonly name: string;
  /** Vectors that must have been run, so that none is left out unseen. */
  readonly run: number;
  readonly check: (group: VectorGroup, vector: Vector) => Awaitable<Outcome>;
  /** What must happen to an `acceptable` vector; files that have none leave it out. */
  readonly acceptable?: (vector: Vector) => 'accepted' | 'refused';
}

const ARCHIVE = 'wycheproof-tls-subset.tar.xz';

/** Bytes of a hexadecimal member. */
export function bytes(fields: Fields, name: string): Uint8Array {
  return fromHex(String(fields[name]));
}

function archivePath(): string | undefined {
  const path = join(VECTORS_FOLDER, ARCHIVE);
  const canUnpack = spawnSync('xz', ['--version']).status === 0;
  return existsSync(path) && canUnpack ? path : undefined;
}

function tar(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('tar', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** The names of all files in the archive. */
export function archiveListing(): readonly string[] | undefined {
  const path = archivePath();
  return path === undefined
    ? undefined
    : tar('-tJf', path)
        .split('\n')
        .filter((line) => line.endsWith('.json'));
}

/** Declares one test for each file; `subject` says which of several things is tested. */
export function testVectorFiles(files: readonly VectorFile[], subject = ''): void {
  const archive = archivePath();
  const folder = archive === undefined ? undefined : mkdtempSync(join(tmpdir(), 'handfast-wycheproof-'));
  if (archive !== undefined && folder !== undefined) {
    after(() => rmSync(folder, { recursive: true, force: true }));
    tar('-xJf', archive, '-C', folder, ...files.map((file) => file.name));
  }
  for (const file of files) {
    test(`Wycheproof${subject}: ${file.name}`, { timeout: 60_000 }, async (t) => {
      if (folder === undefined) return skipWithoutVectors(t, `${ARCHIVE}, or xz,`);
      const { numberOfTests, testGroups } = JSON.parse(readFileSync(join(folder, file.name), 'utf8'));
      await checkFile(file, numberOfTests, testGroups);
    });
  }
}

async function checkFile(file: VectorFile, total: number, groups: readonly VectorGroup[]): Promise<void> {
  const notOffered = new Map<string, number>();
  const wrong: string[] = [];
  let run = 0;
  for (const group of groups) {
    for (const vector of group.tests) {
      const outcome = await file.check(group, vector);
      if (outcome.startsWith('not offered')) {
        notOffered.set(outcome, (notOffered.get(outcome) ?? 0) + 1);
        continue;
      }
      run++;
      if (outcome !== expectation(file, vector)) {
        wrong.push(`${vector.tcId} (${vector.result}, ${vector.flags}: ${vector.comment}) was ${outcome}`);
      }
    }
  }
  assert.deepEqual(wrong, [], file.name);
  const left = [...notOffered].map(([reason, count]) => `${count} ${reason}`).join('; ');
  assert.equal(
    run,
    file.run,
    `${file.name}: ${run} of ${total} vectors were run; ${left || 'none left out'}`,
  );
  assert.equal(run + [...notOffered.values()].reduce((sum, count) => sum + count, 0), total);
}

function expectation(file: VectorFile, vector: Vector): Outcome {
  if (vector.result === 'valid') return 'accepted';
  if (vector.result === 'invalid') return 'refused';
  assert.ok(file.acceptable, `${file.name} has acceptable vectors: say what to expect of them`);
  return file.acceptable(vector);
}
