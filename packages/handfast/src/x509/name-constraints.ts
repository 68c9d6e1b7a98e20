/** Name constraints: which names an authority may vouch for (RFC 5280 section 4.2.1.10). */
import { ConfigError } from '../wire/errors.ts';
import type { Certificate } from './certificate.ts';
import { DerError, DerReader, Tag } from './der.ts';
import type { NameConstraints } from './extensions.ts';
import { describeGeneralName, type GeneralName, isAddressRange } from './general-name.ts';
import { endsInNumber } from './host-name.ts';
import type { DistinguishedName } from './name.ts';
import { AttributeOid, OtherNameOid } from './oids.ts';
import { decodeString } from './strings.ts';

/** Pays for comparing names, as many as are given (default 1); throws when there were too many. */
export type ComparisonBudget = (count?: number) => void;

/** Names that are permitted (all, where none of their kind is listed) and excluded. */
export interface NameSubtrees {
  readonly permitted?: readonly GeneralName[];
  readonly excluded?: readonly GeneralName[];
}

/**
 * How a constraint bears on a name: it covers all that the name can stand for, a part of it (of a wildcard), or nothing;
 * or the two cannot be compared, because one of them is malformed.
 */
type Coverage = 'all' | 'part' | 'none' | 'incomparable';

/** How a name breaks a constraint, each with its paragraph; `incomparable`: one of the two cannot be compared. */
export const VIOLATION_SOURCES = {
  permitted: 'RFC 5280 section 6.1.3 (b)',
  excluded: 'RFC 5280 section 6.1.3 (c)',
  incomparable: 'RFC 5280 section 4.2.1.10',
} as const;

export interface Violation {
  readonly source: string;
  /** Which name breaks which constraint, in the middle of a sentence. */
  readonly sentence: string;
}

function violation(kind: keyof typeof VIOLATION_SOURCES, sentence: string): Violation {
  return { source: VIOLATION_SOURCES[kind], sentence };
}

/** Why a certificate's names break the constraints of an authority above it; `undefined` when they keep to them. */
export function constraintViolation(
  constraints: NameConstraints,
  certificate: Certificate,
  spend: ComparisonBudget,
): Violation | undefined {
  const { permitted, excluded } = prepareConstraints(constraints);
  for (const name of constrainedNames(certificate)) {
    for (const constraint of excluded) {
      if (!applies(constraint, name, constraints, spend)) continue;
      const covered = coverage(constraint, name, spend);
      if (covered === 'incomparable') return incomparable(constraint, name);
      if (covered !== 'none') {
        return violation(
          'excluded',
          `${describeGeneralName(name.shown)} is excluded (by ${describeGeneralName(constraint.shown)})`,
        );
      }
    }
    let asked: Comparable | undefined;
    let isPermitted = false;
    for (const constraint of permitted) {
      if (!applies(constraint, name, constraints, spend)) continue;
      asked ??= constraint;
      const covered = coverage(constraint, name, spend);
      if (covered === 'incomparable') return incomparable(constraint, name);
      isPermitted = covered === 'all';
      if (isPermitted) break;
    }
    if (asked !== undefined && !isPermitted) {
      return violation(
        'permitted',
        `${describeGeneralName(name.shown)} is not among the permitted names (such as ${describeGeneralName(asked.shown)})`,
      );
    }
  }
  return undefined;
}

/**
 * A caller's constraints, which hold as critical ones do.
 * @throws {ConfigError} when one of them is of a kind that cannot be compared, or malformed.
 */
export function callersConstraints(
  { permitted = [], excluded = [] }: NameSubtrees,
  option: string,
): NameConstraints {
  for (const name of [...permitted, ...excluded]) {
    if (
      prepareConstraint(name).form.kind === 'unknown' ||
      (name.kind === 'iPAddress' && !isAddressRange(name.octets))
    ) {
      throw new ConfigError(
        option,
        `${option}: expected names of the kinds dNSName, iPAddress (address and mask), rfc822Name, uniformResourceIdentifier and directoryName, found ${describeGeneralName(name)}`,
      );
    }
  }
  return { critical: true, permitted, excluded };
}

/** A name or a constraint, read once into the form that is compared. */
interface Comparable {
  readonly shown: GeneralName;
  /** Of which kind it is for constraints. */
  readonly kind: GeneralName['kind'];
  readonly form: Form;
}

type Form =
  | { readonly kind: 'host'; readonly host: string; readonly below: string; readonly mark: '' | '.' | '*' }
  | { readonly kind: 'mailbox'; readonly local: string; readonly host: string }
  | { readonly kind: 'address'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  /** The empty constraint, which covers every name of its kind. */
  | { readonly kind: 'everything' }
  /** Of a kind that cannot be compared, or malformed. */
  | { readonly kind: 'unknown' };

const UNKNOWN: Form = { kind: 'unknown' };

/** What is derived from certificates is kept with them: a path builder compares them again and again. */
const preparedConstraints = new WeakMap<
  NameConstraints,
  Record<'permitted' | 'excluded', readonly Comparable[]>
>();
const preparedNames = new WeakMap<Certificate, readonly Comparable[]>();

function prepareConstraints(
  constraints: NameConstraints,
): Record<'permitted' | 'excluded', readonly Comparable[]> {
  let prepared = preparedConstraints.get(constraints);
  if (prepared === undefined) {
    const { permitted, excluded } = constraints;
    prepared = { permitted: permitted.map(prepareConstraint), excluded: excluded.map(prepareConstraint) };
    preparedConstraints.set(constraints, prepared);
  }
  return prepared;
}

/** All names that constraints apply to: the subject, what it says of mail addresses, and the alternative names. */
function constrainedNames(certificate: Certificate): readonly Comparable[] {
  let names = preparedNames.get(certificate);
  if (names === undefined) {
    const { subject, subjectAltName = [] } = certificate;
    const directory: GeneralName[] = subject.empty ? [] : [{ kind: 'directoryName', name: subject }];
    const emails = subject
      .texts(AttributeOid.emailAddress)
      .map((value): GeneralName => ({ kind: 'rfc822Name', value }));
    names = [...directory, ...emails, ...subjectAltName].flatMap((name) => [
      prepareName(name),
      ...internationalMailbox(name),
    ]);
    preparedNames.set(certificate, names);
  }
  return names;
}

/** Constraints on mail addresses hold for those of another name form, which need not be ASCII, too (RFC 9598 section 6). */
function internationalMailbox(name: GeneralName): readonly Comparable[] {
  if (name.kind !== 'otherName' || name.type !== OtherNameOid.smtpUTF8Mailbox) return [];
  const form = mailboxForm(readUtf8String(name.value));
  return [{ shown: name, kind: 'rfc822Name', form }];
}

/** The text of a UTF8String; empty, which is no mail address, when it is none. */
function readUtf8String(value: Uint8Array): string {
  try {
    return (
      decodeString(new DerReader(value).read(Tag.UTF8String, 'SmtpUTF8Mailbox'), 'SmtpUTF8Mailbox') ?? ''
    );
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return '';
  }
}

/**
 * Whether a constraint speaks about a name: when they are of one kind. What cannot be checked may be passed over only
 * where the authority did not insist (RFC 5280 section 4.2.1.10: "either process the constraint or reject").
 */
function applies(
  constraint: Comparable,
  name: Comparable,
  { critical }: NameConstraints,
  spend: ComparisonBudget,
): boolean {
  spend();
  return constraint.kind === name.kind && (critical || isComparable(constraint.kind));
}

const COMPARABLE = new Set<GeneralName['kind']>([
  'rfc822Name',
  'dNSName',
  'directoryName',
  'uniformResourceIdentifier',
  'iPAddress',
]);

function isComparable(kind: GeneralName['kind']): boolean {
  return COMPARABLE.has(kind);
}

function incomparable(constraint: Comparable, name: Comparable): Violation {
  const sentence = isComparable(name.kind)
    ? `${describeGeneralName(name.shown)} and the constraint ${describeGeneralName(constraint.shown)} cannot be compared: one of them is malformed`
    : `constraints on names of the kind ${name.kind}, of which it has one, cannot be checked`;
  return violation('incomparable', sentence);
}

/** Labels of letters, digits, hyphens and underscores, with dots between them: A-labels, where a name is not ASCII. */
const DNS_NAME = /^[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*$/;
/** Longer texts are no names in DNS (RFC 1035 section 2.3.4), and would cost more to compare. */
const MAX_HOST_LENGTH = 255;

/** A host, with a mark in front of it where it may have one. */
function hostForm(text: string, mark: '' | '.' | '*' = ''): Form {
  if (text.length > MAX_HOST_LENGTH || !DNS_NAME.test(text)) return UNKNOWN;
  const host = text.toLowerCase();
  return { kind: 'host', host, below: `.${host}`, mark };
}

function dottedForm(text: string): Form {
  if (text === '') return { kind: 'everything' };
  return text.startsWith('.') ? hostForm(text.slice(1), '.') : hostForm(text);
}

/** A mail address whose local part needs no quotes: others could be spelled in several ways. */
function mailboxForm(text: string): Form {
  const at = text.indexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const host = hostForm(text.slice(at + 1));
  return host.kind === 'host' && /^[^\s"(),:;<>@[\\\]]+$/.test(local)
    ? { kind: 'mailbox', local, host: host.host }
    : UNKNOWN;
}

/** The host of a URI, strictly by RFC 3986 section 3.2: where parsers differ, so would those who are kept out. */
const URI_HOST = /^[a-z][a-z0-9+.-]*:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([^/?#@:]*)(?::\d*)?(?:[/?#]|$)/i;

/** A URI must name a host by its name to be compared at all (RFC 5280 section 4.2.1.10). */
function uriForm(uri: string): Form {
  const host = URI_HOST.exec(uri)?.[1] ?? '';
  return endsInNumber(host) ? UNKNOWN : hostForm(host);
}

function prepareName(shown: GeneralName): Comparable {
  const form = (): Form => {
    switch (shown.kind) {
      case 'dNSName':
        return shown.value.startsWith('*.') ? hostForm(shown.value.slice(2), '*') : hostForm(shown.value);
      case 'rfc822Name':
        return mailboxForm(shown.value);
      case 'uniformResourceIdentifier':
        return uriForm(shown.value);
      default:
        return commonForm(shown);
    }
  };
  return { shown, kind: shown.kind, form: form() };
}

function prepareConstraint(shown: GeneralName): Comparable {
  const form = (): Form => {
    switch (shown.kind) {
      case 'dNSName':
      case 'uniformResourceIdentifier':
        return dottedForm(shown.value);
      case 'rfc822Name':
        return shown.value.includes('@') ? mailboxForm(shown.value) : dottedForm(shown.value);
      default:
        return commonForm(shown);
    }
  };
  return { shown, kind: shown.kind, form: form() };
}

function commonForm(name: GeneralName): Form {
  if (name.kind === 'iPAddress') return { kind: 'address', octets: name.octets };
  return name.kind === 'directoryName' ? { kind: 'directory', name: name.name } : UNKNOWN;
}

/** Both are of one kind of names. */
function coverage(constraint: Comparable, name: Comparable, spend: ComparisonBudget): Coverage {
  const [wide, narrow] = [constraint.form, name.form];
  if (wide.kind === 'unknown' || narrow.kind === 'unknown') return 'incomparable';
  if (wide.kind === 'everything') return 'all';
  if (wide.kind === 'directory' && narrow.kind === 'directory') {
    spend(wide.name.steps.length);
    return narrow.name.isWithin(wide.name) ? 'all' : 'none';
  }
  if (wide.kind === 'address' && narrow.kind === 'address') return ipCoverage(wide.octets, narrow.octets);
  if (wide.kind === 'host' && narrow.kind === 'host' && name.kind === 'dNSName')
    return dnsCoverage(wide, narrow);
  if (wide.kind === 'mailbox' && narrow.kind === 'mailbox') {
    // The part before the @ is compared with regard to case (RFC 5280 section 7.5).
    return wide.local === narrow.local && wide.host === narrow.host ? 'all' : 'none';
  }
  return wide.kind === 'host' && 'host' in narrow ? hostCoverage(wide, narrow.host) : 'incomparable';
}

type HostForm = Extract<Form, { readonly kind: 'host' }>;

/**
 * `example.com` covers itself and everything below it; with a dot in front, which many authorities write, only what is
 * below. A wildcard stands for many names.
 */
function dnsCoverage(base: HostForm, { host, below, mark }: HostForm): Coverage {
  if (host.endsWith(base.below)) return 'all';
  const isWildcard = mark === '*';
  if (host === base.host) return isWildcard || base.mark === '' ? 'all' : 'none';
  return isWildcard && base.host.endsWith(below) ? 'part' : 'none';
}

function ipCoverage(range: Uint8Array, address: Uint8Array): Coverage {
  const { length } = address;
  if (range.length !== 2 * length) return 'none';
  for (let i = 0; i < length; i++) {
    const mask = range[length + i] as number;
    if (((address[i] as number) & mask) !== ((range[i] as number) & mask)) return 'none';
  }
  return 'all';
}

/** For mail addresses and URIs: a host stands for itself only, and with a dot in front for all that is below. */
function hostCoverage(base: HostForm, host: string): Coverage {
  return (base.mark === '.' ? host.endsWith(base.below) : host === base.host) ? 'all' : 'none';
}
