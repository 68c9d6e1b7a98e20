/** What the commands of `handfast ca` do, and what they say. */
import { join } from 'node:path';
import { Authority, validFor } from '../authority.ts';
import { ExitCode, Failure } from '../outcome.ts';
import { hanging, pad, printable } from '../render/layout.ts';
import { shellWord } from '../render/shell.ts';
import { type Style, styleFor } from '../render/style.ts';
import { isoTime } from '../times.ts';
import { type Opened, openAuthority, saveAuthority } from './folder.ts';
import { DEFAULT_DAYS, type Issuance, issueCertificate } from './issue.ts';
import { KEY_TYPES, type KeyType } from './keys.ts';
import type { Issued, Reason, Usage } from './records.ts';
import { revoke, writeRevocationList } from './revoke.ts';
import { trustLines } from './trust.ts';

interface Place {
  readonly dir: string;
}

export interface InitOptions extends Place {
  readonly name: string;
  readonly key: KeyType;
  readonly days?: number;
  readonly permit?: readonly string[];
  readonly force?: true;
}

export interface IssueOptions extends Place {
  readonly client?: true;
  readonly intermediate?: true;
  readonly key: KeyType;
  readonly days?: number;
  readonly permit?: readonly string[];
  readonly out?: string;
  readonly force?: true;
}

export interface ListOptions extends Place {
  readonly json?: true;
}

export interface RevokeOptions extends Place {
  readonly reason: Reason;
}

export interface CrlOptions extends Place {
  readonly days: number;
  readonly out?: string;
  readonly force?: true;
}

const LABEL_WIDTH = 16;

function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function style(): Style {
  return styleFor(process.stdout, process.env);
}

function done({ paint, glyphs, width }: Style, text: string): string[] {
  return hanging(`${paint('good', glyphs.good)} `, paint('title', printable(text)), width);
}

function item({ paint, width }: Style, label: string, text: string): string[] {
  return hanging(`  ${paint('quiet', pad(label, LABEL_WIDTH))}`, printable(text), width);
}

/** A command to be copied: never wrapped. */
function command({ paint }: Style, label: string, text: string): string[] {
  return [`  ${paint('quiet', pad(label, LABEL_WIDTH))}${printable(text)}`];
}

function option(dir: string): string {
  return ` --dir ${shellWord(dir)}`;
}

/** Makes an authority in a folder. */
export async function runInit(options: InitOptions): Promise<ExitCode> {
  const { dir, name, key, days = DEFAULT_DAYS.root, permit = [], force = false } = options;
  if (dir === '') throw new Failure(ExitCode.usage, '--dir needs a folder.');
  if (name.trim() === '' || name.length > 64 || /\p{Cc}/u.test(name)) {
    throw new Failure(ExitCode.usage, '--name needs 1 to 64 characters, none of them control characters.');
  }
  const authority = await Authority.root(name, KEY_TYPES[key], validFor(days), permit);
  saveAuthority(dir, authority, force);
  const look = style();
  say([
    ...done(look, `an authority was made in ${dir}`),
    ...item(look, 'name', name),
    ...item(look, 'valid until', isoTime(authority.validity.notAfter.getTime())),
    ...(permit.length === 0 ? [] : item(look, 'may vouch for', `${permit.join(', ')} only`)),
    ...item(look, 'certificate', join(dir, 'ca.pem')),
    ...item(look, 'private key', `${join(dir, 'ca.key')} (keep it secret, and in one place)`),
    ...command(
      look,
      'next',
      `handfast ca issue ${permit.length === 0 ? 'localhost 127.0.0.1' : 'NAME'}${option(dir)}`,
    ),
    '',
    ...trustLines(look, join(dir, 'ca.pem'), name),
  ]);
  return ExitCode.fine;
}

function usageOf({ client, intermediate }: IssueOptions): Usage {
  if (client) return 'client';
  return intermediate ? 'intermediate' : 'server';
}

function issuanceLines(look: Style, { usage, names, serialNumber, notAfter, path, key }: Issuance): string[] {
  const shown = shellWord(path);
  const root = `--cert ${shown} --key ${shellWord(key ?? '')}`;
  return [
    ...done(look, `issued to ${names.join(', ')} (${usage})`),
    ...item(look, 'serial', serialNumber),
    ...item(look, 'valid until', notAfter),
    ...(key === undefined
      ? [
          ...item(look, 'authority', `${path} (a folder of its own)`),
          ...command(look, 'next', `handfast ca issue NAME --dir ${shown}`),
        ]
      : [
          ...item(look, 'chain', path),
          ...item(look, 'private key', key),
          ...command(
            look,
            'next',
            usage === 'server' ? `handfast serve ${root}` : `handfast connect HOST ${root}`,
          ),
        ]),
  ];
}

/** Issues a certificate. */
export async function runIssue(names: readonly string[], options: IssueOptions): Promise<ExitCode> {
  const { dir, key, permit = [], out, force = false } = options;
  const usage = usageOf(options);
  if (permit.length > 0 && usage !== 'intermediate') {
    throw new Failure(ExitCode.usage, '--permit is for authorities: give --intermediate, too.');
  }
  if (out === '') throw new Failure(ExitCode.usage, '--out needs a folder.');
  const opened = await openAuthority(dir);
  const days = options.days ?? DEFAULT_DAYS[usage];
  const issuance = await issueCertificate(opened, { names, usage, key, days, permit, out, force });
  say(issuanceLines(style(), issuance));
  return ExitCode.fine;
}

type State = 'valid' | 'expired' | 'revoked';

function stateOf({ records }: Opened, { serialNumber, notAfter }: Issued): State {
  if (records.revoked.has(serialNumber)) return 'revoked';
  return Date.parse(notAfter) < Date.now() ? 'expired' : 'valid';
}

function listLines(look: Style, opened: Opened): string[] {
  const { paint, glyphs } = look;
  const { issued, revoked } = opened.records;
  if (issued.length === 0) return [`The authority in ${opened.dir} has issued nothing yet.`];
  return issued.flatMap((each) => {
    const state = stateOf(opened, each);
    const revocation = revoked.get(each.serialNumber);
    const mark = state === 'valid' ? paint('good', glyphs.good) : paint('bad', glyphs.bad);
    const why = revocation === undefined ? '' : ` at ${revocation.time} (${revocation.reason})`;
    return [
      ...hanging(
        `${mark} `,
        `${paint('name', printable(each.names.join(', ')))} (${each.usage})`,
        look.width,
      ),
      ...item(look, 'state', `${state}${why}`),
      ...item(look, 'valid until', each.notAfter),
      ...item(look, 'serial', each.serialNumber),
    ];
  });
}

/** Shows what was issued. */
export async function runList({ dir, json }: ListOptions): Promise<ExitCode> {
  const opened = await openAuthority(dir);
  if (json === undefined) {
    say(listLines(style(), opened));
    return ExitCode.fine;
  }
  const certificates = opened.records.issued.map(({ event: _event, ...each }) => {
    const revocation = opened.records.revoked.get(each.serialNumber);
    return {
      ...each,
      state: stateOf(opened, { event: 'issued', ...each }),
      revoked: revocation === undefined ? null : { time: revocation.time, reason: revocation.reason },
    };
  });
  const authority = { subject: String(opened.certificate.subject), certificate: opened.paths.certificate };
  say([JSON.stringify({ authority, certificates }, null, 2)]);
  return ExitCode.fine;
}

/** Notes that a certificate is good no more. */
export async function runRevoke(what: string, { dir, reason }: RevokeOptions): Promise<ExitCode> {
  const issued = revoke(await openAuthority(dir), what, reason);
  const look = style();
  say([
    ...done(look, `revoked: ${issued.names.join(', ')} (${reason})`),
    ...item(look, 'serial', issued.serialNumber),
    ...command(look, 'next', `handfast ca crl${option(dir)}   # nobody knows of it before`),
  ]);
  return ExitCode.fine;
}

/** Writes a revocation list. */
export async function runCrl({ dir, days, out, force }: CrlOptions): Promise<ExitCode> {
  if (out === '') throw new Failure(ExitCode.usage, '--out needs a file.');
  const { path, number, entries, nextUpdate } = await writeRevocationList(
    await openAuthority(dir),
    days,
    out,
    force === true,
  );
  const look = style();
  say([
    ...done(look, `revocation list ${number} was written to ${path}`),
    ...item(look, 'revoked', `${entries} ${entries === 1 ? 'certificate' : 'certificates'}`),
    ...item(look, 'good until', nextUpdate),
    ...command(look, 'next', `handfast inspect ${shellWord(path)}`),
  ]);
  return ExitCode.fine;
}

/** Prints how to make systems trust the authority. */
export async function runTrust({ dir }: Place): Promise<ExitCode> {
  const { root, chain, paths } = await openAuthority(dir);
  const path = chain.length === 0 ? paths.certificate : paths.root;
  say(trustLines(style(), path, root.subject.label));
  return ExitCode.fine;
}
