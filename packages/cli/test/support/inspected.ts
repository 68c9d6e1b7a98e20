/** What inspect says of PKCS #12 stores. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describeBlock } from '../../src/inspect/describe.ts';
import type { Description } from '../../src/inspect/description.ts';
import { derFields } from '../../src/inspect/fields.ts';
import { blocksOf } from '../../src/inspect/input.ts';
import { folder, handfast, type Result } from './command.ts';
import { plainPart } from './store.ts';

export interface Facts {
  readonly integrity: string;
  readonly password: string | null;
  readonly mac: { readonly algorithm: string } | null;
  readonly parts: readonly {
    readonly problem: string | null;
    readonly contents: readonly {
      readonly kind: string;
      readonly friendlyName: string | null;
      readonly localKeyId: string | null;
      readonly publicKey?: { readonly type: string; readonly sha256: string };
      readonly subject?: string;
      readonly problem?: string;
    }[];
  }[];
}

export async function told(
  bytes: Uint8Array,
  password?: string,
): Promise<Description & { readonly facts: Facts }> {
  const [block] = blocksOf('a.p12', bytes);
  assert.ok(block);
  const description = await describeBlock(block, password);
  assert.equal(description.kind, 'PKCS #12 store');
  return { ...description, facts: description.data as unknown as Facts };
}

export const kinds = ({ facts }: { readonly facts: Facts }): string[][] =>
  facts.parts.map(({ contents }) => contents.map(({ kind }) => kind));

export function keySha256(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** The command on a file of these bytes. */
export async function inspect(
  t: TestContext,
  bytes: Uint8Array,
  options: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const path = join(folder(t).path, 'a b.p12');
  writeFileSync(path, bytes);
  const result = await handfast(['inspect', path, ...options], { env });
  for (const line of result.stdout.split('\n')) {
    assert.ok(line.length <= 80 || options.includes('--json'), line);
  }
  assert.ok(!result.stderr.includes('    at ') && !result.stderr.includes('internal error'), result.stderr);
  return result;
}

export const passphraseIs = (password: string) => ({ HANDFAST_PASSPHRASE: password });

/** A SafeContents. */
export function plainContent(...bags: readonly Uint8Array[]): Uint8Array {
  const part = plainPart(...bags);
  // What stands inside of ContentInfo's OCTET STRING.
  const all = derFields('PKCS #12 store', part)[0]?.fields?.[1]?.fields?.[0];
  const [content] = all?.fields ?? [];
  assert.ok(content);
  return part.slice(content.start, content.end);
}
