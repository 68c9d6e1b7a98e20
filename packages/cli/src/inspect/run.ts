/** What `handfast inspect` does: shows what is in files. */
import { fileLabel, readArgument } from '../files.ts';
import { MAX_EVIDENCE_FILE_SIZE } from '../limits.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { passphrase } from '../passphrase.ts';
import { type DumpField, dumpStructure } from '../render/dump.ts';
import { hanging, heading, pad, printable } from '../render/layout.ts';
import { type Style, styleFor } from '../render/style.ts';
import { describeBlock } from './describe.ts';
import type { Description, Part } from './description.ts';
import { derFields } from './fields.ts';
import { type Block, blocksOf } from './input.ts';
import { hex } from './values.ts';

/** The command's options, as they were parsed. */
export interface InspectCommandOptions {
  readonly hex?: true;
  readonly json?: true;
  readonly passphraseFile?: string;
}

interface Inspected {
  readonly block: Block;
  readonly description: Description;
}

function placeOf({ block, description }: Inspected): string {
  const { file, number, count, label } = block;
  const where = count === 1 ? fileLabel(file) : `${fileLabel(file)}, block ${number} of ${count}`;
  return label === undefined ? `${where} (${description.encoding ?? 'DER'})` : `${where} (PEM: ${label})`;
}

const LABEL_WIDTH = 14;

/** A label on a line of its own where it is too long for the column. */
function rowLines({ paint, width }: Style, label: string, text: string): string[] {
  const quiet = paint('quiet', pad(label, LABEL_WIDTH));
  if (label.length < LABEL_WIDTH) return hanging(`  ${quiet}`, printable(text), width);
  return [`  ${quiet}`, ...hanging(' '.repeat(2 + LABEL_WIDTH), printable(text), width)];
}

/** What a structure says, with what is wrong with it. */
function saidLines(style: Style, { rows, problem }: Pick<Description, 'rows' | 'problem'>): string[] {
  const { paint, glyphs, width } = style;
  const wrong = `  ${paint('bad', glyphs.bad)} `;
  return [
    ...rows.flatMap(([label, text]) => rowLines(style, label, text)),
    ...(problem === undefined ? [] : hanging(wrong, printable(problem), width)),
  ];
}

function partLines(style: Style, { title, description }: Part): string[] {
  const { paint, width } = style;
  return ['', ...hanging('', paint('title', printable(title)), width), ...saidLines(style, description)];
}

/** The elements of a block, or why they are not shown. */
function fieldsOf({ block: { der }, description }: Inspected): readonly DumpField[] | string {
  const { kind, secret, encoding } = description;
  if (secret === true) return 'Its bytes are not shown: they are, or may hold, a secret.';
  if (encoding !== undefined) return 'Its bytes are not shown: it is not DER, whose elements are told here.';
  return der === undefined ? [] : derFields(kind, der, secret === 'partly');
}

function hexLines(style: Style, inspected: Inspected): string[] {
  const { der } = inspected.block;
  const fields = fieldsOf(inspected);
  if (typeof fields === 'string') return ['', ...hanging('  ', fields, style.width)];
  return der === undefined ? [] : ['', ...dumpStructure(style, der, fields)];
}

function blockLines(style: Style, inspected: Inspected, withHex: boolean): string[] {
  const { paint, width } = style;
  const { description } = inspected;
  const { kind, parts = [] } = description;
  return [
    heading(style, kind),
    ...hanging('  ', paint('quiet', printable(placeOf(inspected))), width),
    ...saidLines(style, description),
    ...parts.flatMap((part) => partLines(style, part)),
    ...(withHex ? hexLines(style, inspected) : []),
    '',
  ];
}

function hexData(inspected: Inspected): object {
  const { der } = inspected.block;
  const fields = fieldsOf(inspected);
  if (typeof fields === 'string' || der === undefined) return {};
  return inspected.description.secret === undefined ? { der: hex(der), fields } : { fields };
}

function data(inspected: Inspected, withHex: boolean): object {
  const { block, description } = inspected;
  const { kind, data: facts, problem } = description;
  return {
    file: fileLabel(block.file),
    block: block.number,
    label: block.label ?? null,
    kind,
    ...facts,
    ...(problem === undefined ? {} : { problem }),
    ...(withHex ? hexData(inspected) : {}),
  };
}

async function inspectAll(
  files: readonly string[],
  password: string | undefined,
): Promise<readonly Inspected[]> {
  const inspected: Inspected[] = [];
  for (const file of files) {
    for (const block of blocksOf(file, await readArgument(file, MAX_EVIDENCE_FILE_SIZE))) {
      inspected.push({ block, description: await describeBlock(block, password) });
    }
  }
  return inspected;
}

/**
 * Shows what is in files.
 * @throws {Failure} when one cannot be read, or nothing in it is known; and at the end, when a part of one is damaged.
 */
export async function runInspect(
  files: readonly string[],
  options: InspectCommandOptions,
): Promise<ExitCode> {
  const { passphraseFile } = options;
  if ([...files, passphraseFile].filter((file) => file === '-').length > 1) {
    throw new Failure(ExitCode.usage, 'The standard input (-) can be read once only.');
  }
  const inspected = await inspectAll(files, await passphrase(passphraseFile, process.env));
  const bad = inspected.filter(({ description }) => description.problem !== undefined);
  const style = styleFor(process.stdout, process.env);
  const withHex = options.hex === true;
  const output = options.json
    ? JSON.stringify({ ok: bad.length === 0, blocks: inspected.map((each) => data(each, withHex)) }, null, 2)
    : inspected.flatMap((each) => blockLines(style, each, withHex)).join('\n');
  process.stdout.write(`${output}\n`);
  const [first] = bad;
  if (first === undefined) return ExitCode.fine;
  const what = `${placeOf(first)}: ${first.description.problem}`;
  throw new Failure(ExitCode.usage, bad.length === 1 ? what : `${what} (and ${bad.length - 1} more)`);
}
