/** What the library's own tests know about x509-limbo. */
import type * as Limbo from '../../../packages/handfast/test/support/limbo.ts';
import type * as Run from '../../../packages/handfast/test/support/limbo-run.ts';
import type * as Vectors from '../../../packages/handfast/test/support/vectors.ts';

async function support<T>(file: string): Promise<T> {
  return (await import(new URL(`../test/support/${file}`, import.meta.resolve('handfast')).href)) as T;
}

export type CaseResult = Run.CaseResult;
export const { LimboError, readLimbo } = await support<typeof Limbo>('limbo.js');
export const { nameSpaceOf, runCase } = await support<typeof Run>('limbo-run.js');
export const { VECTORS_FOLDER } = await support<typeof Vectors>('vectors.js');
