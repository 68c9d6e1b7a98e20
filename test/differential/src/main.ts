/**
 * Generated and mutated chains, judged by handfast and by others. Prints who disagrees with handfast about what; exits with 1
 * when a disagreement is of none of the known classes, when handfast answers otherwise than what is known of a chain, when
 * docs/differential.md is not the table of the classes, and, in CI, when a judge is not installed.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CLASSES } from './classes/index.ts';
import type { Case } from './compare.ts';
import { documentText } from './document.ts';
import { specimens } from './generate.ts';
import { gnutls } from './judges/gnutls.ts';
import { go } from './judges/go.ts';
import { handfast } from './judges/handfast.ts';
import { type Answer, JUDGES, type Judge, type JudgeName, pem } from './judges/judge.ts';
import { node } from './judges/node.ts';
import { openssl } from './judges/openssl.ts';
import type { Chain } from './plan.ts';
import { complaints, summary } from './report.ts';

const USAGE = `usage: npm run differential -- [--seed N] [--count N] [--only TEXT] [--keep FOLDER] [--write]
  --seed   which chains (default 1)
  --count  how many (default 4000)
  --only   chains whose twist or mutation has TEXT in its name
  --keep   writes the chains that nobody can explain into FOLDER, as PEM
  --write  writes docs/differential.md, and judges nothing`;

const DEFAULTS = { seed: '1', count: '4000' } as const;
const DOCUMENT = fileURLToPath(new URL('../../../../docs/differential.md', import.meta.url));
const COMPARED: Readonly<Record<JudgeName, Judge>> = { openssl, gnutls, go, node };

function wholeNumber(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`--${option}: expected a whole number, found ${JSON.stringify(text)}`);
  return Number(text);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: DEFAULTS.seed },
        count: { type: 'string', default: DEFAULTS.count },
        only: { type: 'string' },
        keep: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
    const { only, keep, write } = values;
    const isStandard = values.seed === DEFAULTS.seed && values.count === DEFAULTS.count && only === undefined;
    const request = {
      seed: wholeNumber(values.seed, 'seed'),
      count: wholeNumber(values.count, 'count'),
      only,
    };
    return { specimens: [...(write ? [] : specimens(request))], keep, write, isStandard };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return process.exit(2);
  }
}

/** The chains as files, for the judges that read files. */
function writeChains(chains: readonly Chain[], folder: string): void {
  for (const [i, { leaf, sent, roots }] of chains.entries()) {
    writeFileSync(join(folder, `${i}.leaf.pem`), pem([leaf]));
    if (sent.length > 0) writeFileSync(join(folder, `${i}.sent.pem`), pem(sent));
    writeFileSync(join(folder, `${i}.chain.pem`), pem([leaf, ...sent]));
    writeFileSync(join(folder, `${i}.roots.pem`), pem(roots));
  }
}

/** Everybody who is there judges every chain. */
async function judgeAll(chains: readonly Chain[], present: readonly JudgeName[]) {
  const folder = mkdtempSync(join(tmpdir(), 'handfast-differential-'));
  try {
    writeChains(chains, folder);
    const answers = new Map<JudgeName, readonly Answer[]>();
    for (const name of present) answers.set(name, await COMPARED[name].judge(chains, folder));
    return answers;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { specimens: chosen, keep, write, isStandard } = options();
if (write) {
  writeFileSync(DOCUMENT, documentText(CLASSES));
  process.exit(0);
}

const versions = new Map(JUDGES.map((name) => [name, COMPARED[name].version()]));
const present = JUDGES.filter((name) => versions.get(name) !== undefined);
const missing = JUDGES.filter((name) => versions.get(name) === undefined);
const answers = await judgeAll(
  chosen.map(({ chain }) => chain),
  present,
);
const cases = chosen.map((specimen, i): Case => {
  const told = present.map((name) => [name, answers.get(name)?.[i]]);
  return { specimen, own: handfast(specimen.chain), answers: Object.fromEntries(told) };
});

const { lines, unused } = summary(cases, present, CLASSES, versions);
for (const line of lines) console.log(line);
const wrong = cases.flatMap((judged, index) => {
  const found = complaints(judged, CLASSES);
  return found.length > 0 ? [{ judged, index, found }] : [];
});
for (const { index, found } of wrong)
  console.log(`\nchain ${index}:\n${found.map((line) => `  ${line}`).join('\n')}`);
if (keep !== undefined) {
  mkdirSync(keep, { recursive: true });
  writeChains(
    wrong.map(({ judged }) => judged.specimen.chain),
    keep,
  );
}

const others: string[] = [];
// What no chain falls into is no class. Only a run of all chains can tell.
if (isStandard && missing.length === 0) {
  others.push(
    ...unused.map(({ judge, side, what }) => `no chain falls into the class "${judge} is ${side}: ${what}"`),
  );
}
if (readFileSync(DOCUMENT, 'utf8') !== documentText(CLASSES)) {
  others.push('docs/differential.md is not the table of the classes; write it with --write');
}
const mustHaveAll = process.env['CI'] === 'true';
for (const name of missing) {
  // Go is compared where there is Go; the others come with install-judges.sh.
  if (mustHaveAll && name !== 'go') others.push(`${name} is not installed (see install-judges.sh)`);
  else console.log(`not asked: ${name} is not installed`);
}
for (const line of others) console.log(`\n${line}`);
const failed = wrong.length + others.length;
const passed = cases.length - wrong.length;
console.log(`\n${passed} passed, ${failed} failed`);
const tally = process.env['HANDFAST_TALLY'];
if (tally) appendFileSync(tally, `differential ${passed} ${failed} 0\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
