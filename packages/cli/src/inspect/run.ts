/** What `handfast inspect` does: shows what is in files. */
import { fileLabel, readArgument } from '../files.ts';
import { MAX_EVIDENCE_FILE_SIZE } from '../limits.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { dumpStructure } from '../render/dump.ts';
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
}

interface Inspected {
  readonly block: Block;
  readonly description: Description;
}

function placeOf({ file, number, count, label }: Block): string {
  const where = count === 1 ? fileLabel(file) : `${fileLabel(file)}, block ${number} of ${count}`;
  return label === undefined ? `${where} (DER)` : `${where} (PEM: ${label})`;
}

const LABEL_WIDTH = 14;

/** A label on a line of its own where it is too long for the column. */
function rowLines({ paint, width }: Style, indent: string, label: string, text: string): string[] {
  const quiet = paint('quiet', pad(label, LABEL_WIDTH));
  if (label.length < LABEL_WIDTH) return hanging(`${indent}${quiet}`, printable(text), width);
  return [`${indent}${quiet}`, ...hanging(`${indent}${' '.repeat(LABEL_WIDTH)}`, printable(text), width)];
}

/** What a structure says, with what is wrong with it. */
function saidLines(
  style: Style,
  { rows, problem }: Pick<Description, 'rows' | 'problem'>,
  indent: string,
): string[] {
  const { paint, glyphs, width } = style;
  const wrong = `${indent}${paint('bad', glyphs.bad)} `;
  return [
    ...rows.flatMap(([label, text]) => rowLines(style, indent, label, text)),
    ...(problem === undefined ? [] : hanging(wrong, printable(problem), width)),
  ];
}

function partLines(style: Style, { title, description }: Part): string[] {
  const { paint, width } = style;
  return [
    '',
    ...hanging('  ', paint('title', printable(title)), width),
    ...saidLines(style, description, '    '),
  ];
}

function hexLines(style: Style, { block, description }: Inspected): string[] {
  const { der } = block;
  if (description.secret) return ['', '  Its bytes are not shown: they are, or may hold, a secret.'];
  if (der === undefined) return [];
  return ['', ...dumpStructure(style, der, derFields(description.kind, der))];
}

function blockLines(style: Style, inspected: Inspected, withHex: boolean): string[] {
  const { paint, width } = style;
  const { block, description } = inspected;
  const { kind, parts = [] } = description;
  return [
    heading(style, kind),
    ...hanging('  ', paint('quiet', printable(placeOf(block))), width),
    ...saidLines(style, description, '  '),
    ...parts.flatMap((part) => partLines(style, part)),
    ...(withHex ? hexLines(style, inspected) : []),
    '',
  ];
}

function data({ block, description }: Inspected, withHex: boolean): object {
  const { file, number, label, der } = block;
  const { kind, data: facts, problem, secret } = description;
  return {
    file: fileLabel(file),
    block: number,
    label: label ?? null,
    kind,
    ...facts,
    ...(problem === undefined ? {} : { problem }),
    ...(withHex && !secret && der !== undefined ? { der: hex(der), fields: derFields(kind, der) } : {}),
  };
}

async function inspectAll(files: readonly string[]): Promise<readonly Inspected[]> {
  const inspected: Inspected[] = [];
  for (const file of files) {
    for (const block of blocksOf(file, await readArgument(file, MAX_EVIDENCE_FILE_SIZE))) {
      inspected.push({ block, description: await describeBlock(block) });
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
  if (files.filter((file) => file === '-').length > 1) {
    throw new Failure(ExitCode.usage, 'The standard input (-) can be read once only.');
  }
  const inspected = await inspectAll(files);
  const bad = inspected.filter(({ description }) => description.problem !== undefined);
  const style = styleFor(process.stdout, process.env);
  const withHex = options.hex === true;
  const output = options.json
    ? JSON.stringify({ ok: bad.length === 0, blocks: inspected.map((each) => data(each, withHex)) }, null, 2)
    : inspected.flatMap((each) => blockLines(style, each, withHex)).join('\n');
  process.stdout.write(`${output}\n`);
  const [first] = bad;
  if (first === undefined) return ExitCode.fine;
  const what = `${placeOf(first.block)}: ${first.description.problem}`;
  throw new Failure(ExitCode.usage, bad.length === 1 ? what : `${what} (and ${bad.length - 1} more)`);
}
