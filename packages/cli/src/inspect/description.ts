/** What a structure says, as rows for people and as data for JSON; and the parts that most structures share. */
import { nodeProvider } from 'handfast/crypto/node';
import { describeOid, type Extension, type SignedStructure, type SubjectPublicKeyInfo } from 'handfast/x509';
import { timestampsIn } from './timestamps.ts';
import { hex, type KeyFacts, plain, plainText } from './values.ts';

/** A line of what a structure says. */
export type Row = readonly [label: string, text: string];

/** What a block is and says. */
export interface Description {
  readonly kind: string;
  readonly rows: readonly Row[];
  readonly data: Readonly<Record<string, unknown>>;
  /** What it holds that is described by itself, for people; `data` has the same in places of its own. */
  readonly parts?: readonly Part[];
  /** Why it could not be read, or not be shown. */
  readonly problem?: string;
  /** It is, or may be, a secret: its bytes are not shown; or only those that are known to be none. */
  readonly secret?: true | 'partly';
  /** It is not DER; without it, what has no PEM label is. */
  readonly encoding?: 'BER';
}

/** Something inside a block. */
export interface Part {
  /** Such as `certificate 1 of 2`. */
  readonly title: string;
  readonly description: Omit<Description, 'parts'>;
}

/** What cannot be described. */
export function problem(kind: string, reason: string, secret?: true): Description {
  return { kind, rows: [], data: {}, problem: reason, ...(secret && { secret }) };
}

/** Whether a structure is signed with the key that it holds itself; `undefined` when that cannot be said. */
export async function isSignedWith(
  { tbs, signature, signatureAlgorithm }: Pick<SignedStructure, 'tbs' | 'signature' | 'signatureAlgorithm'>,
  { key }: SubjectPublicKeyInfo,
): Promise<boolean | undefined> {
  if (signatureAlgorithm === undefined || key === undefined) return undefined;
  return (await nodeProvider.verify(signatureAlgorithm, key, tbs, signature)) === true;
}

/** Values of extensions by the names that they have in what was read. */
function extensionValue(holder: object, extension: Extension): unknown {
  const { oid, value } = extension;
  const known = (holder as Readonly<Record<string, unknown>>)[describeOid(oid)];
  return known ?? timestampsIn(extension)?.map(({ data }) => data) ?? hex(value);
}

/** Purposes and policies are object identifiers, of which some have names. */
function named(value: unknown): unknown {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
    ? value.map(describeOid)
    : value;
}

/** Hexadecimal digits of an extension that is not understood, as far as they fit on a few lines. */
const MAX_DIGITS = 128;

function shorten(text: string, { value }: Extension): string {
  if (!/^[0-9a-f]+$/.test(text) || text.length <= MAX_DIGITS) return text || '(empty)';
  return `${text.slice(0, MAX_DIGITS)}... (${value.length} bytes)`;
}

/** What has extensions; those that were understood are its members, by their names. */
export interface Extended {
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** A row for each extension, and for each timestamp of a log. */
export function extensionRows(holder: Extended): Row[] {
  return [...holder.extensions.values()].flatMap((extension): Row[] => {
    const name = describeOid(extension.oid);
    const timestamps = timestampsIn(extension);
    if (timestamps !== undefined) return timestamps.map(({ text }, i) => [i === 0 ? name : '', text]);
    const text = shorten(plainText(named(extensionValue(holder, extension))), extension);
    return [[name, extension.critical ? `(critical) ${text}` : text]];
  });
}

/** The extensions for JSON. */
export function extensionData(holder: Extended): unknown[] {
  return [...holder.extensions.values()].map((extension) => ({
    oid: extension.oid,
    name: describeOid(extension.oid) === extension.oid ? null : describeOid(extension.oid),
    critical: extension.critical,
    value: plain(named(extensionValue(holder, extension))),
  }));
}

/** The rows by which keys and certificates are found to belong together. */
export function keyRows({ type, sha256: fingerprint }: KeyFacts): Row[] {
  return [
    ['public key', type],
    ['key sha256', fingerprint],
  ];
}
