/** Name constraints: which names an authority may vouch for (RFC 5280 section 4.2.1.10). */
import type { Certificate } from './certificate.ts';
import type { NameConstraints } from './extensions.ts';
import { describeGeneralName, type GeneralName } from './general-name.ts';
import { parseIpAddress } from './ip-address.ts';
import { AttributeOid } from './oids.ts';

/** Counts one comparison; throws when there were too many. */
export type ComparisonBudget = () => void;

/**
 * How a constraint bears on a name: it covers all that the name can stand for, a part of it (of a wildcard), or nothing;
 * or the two cannot be compared, because one of them is malformed.
 */
type Coverage = 'all' | 'part' | 'none' | 'incomparable';

/** Why a certificate's names break the constraints of an authority above it; `undefined` when they keep to them. */
export function constraintViolation(
  constraints: NameConstraints,
  certificate: Certificate,
  spend: ComparisonBudget,
): string | undefined {
  for (const name of constrainedNames(certificate)) {
    for (const constraint of constraints.excluded) {
      spend();
      if (!applies(constraint, name, constraints)) continue;
      const covered = coverage(constraint, name);
      if (covered === 'incomparable') return incomparable(constraint, name);
      if (covered !== 'none') {
        return `${describeGeneralName(name)} is excluded (by ${describeGeneralName(constraint)})`;
      }
    }
    let asked: GeneralName | undefined;
    let permitted = false;
    for (const constraint of constraints.permitted) {
      spend();
      if (!applies(constraint, name, constraints)) continue;
      asked ??= constraint;
      const covered = coverage(constraint, name);
      if (covered === 'incomparable') return incomparable(constraint, name);
      permitted = covered === 'all';
      if (permitted) break;
    }
    if (asked !== undefined && !permitted) {
      return `${describeGeneralName(name)} is not among the permitted names (such as ${describeGeneralName(asked)})`;
    }
  }
  return undefined;
}

/** All names that constraints apply to: the subject, what it says of mail addresses, and the alternative names. */
function constrainedNames({ subject, subjectAltName = [] }: Certificate): readonly GeneralName[] {
  const directory: GeneralName[] = subject.empty ? [] : [{ kind: 'directoryName', name: subject }];
  const emails = subject
    .texts(AttributeOid.emailAddress)
    .map((value): GeneralName => ({ kind: 'rfc822Name', value }));
  return [...directory, ...emails, ...subjectAltName];
}

/**
 * Whether a constraint speaks about a name: when they are of one kind. What cannot be checked may be passed over only
 * where the authority did not insist (RFC 5280 section 4.2.1.10: "either process the constraint or reject").
 */
function applies(constraint: GeneralName, name: GeneralName, { critical }: NameConstraints): boolean {
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

function incomparable(constraint: GeneralName, name: GeneralName): string {
  return isComparable(name.kind)
    ? `${describeGeneralName(name)} and the constraint ${describeGeneralName(constraint)} cannot be compared: one of them is malformed`
    : `constraints on names of the kind ${name.kind}, of which it has one, cannot be checked`;
}

function coverage(constraint: GeneralName, name: GeneralName): Coverage {
  switch (constraint.kind) {
    case 'dNSName':
      return name.kind === 'dNSName' ? dnsCoverage(constraint.value, name.value) : 'none';
    case 'iPAddress':
      return name.kind === 'iPAddress' ? ipCoverage(constraint.octets, name.octets) : 'none';
    case 'rfc822Name':
      return name.kind === 'rfc822Name' ? emailCoverage(constraint.value, name.value) : 'none';
    case 'uniformResourceIdentifier':
      return name.kind === 'uniformResourceIdentifier' ? uriCoverage(constraint.value, name.value) : 'none';
    case 'directoryName':
      return name.kind === 'directoryName' && name.name.isWithin(constraint.name) ? 'all' : 'none';
    default:
      return 'incomparable';
  }
}

/** Labels of letters, digits, hyphens and underscores, with dots between them. */
const DNS_NAME = /^[0-9a-z_-]+(?:\.[0-9a-z_-]+)*$/;

/**
 * `example.com` covers itself and everything below it; with a dot in front, which many authorities write, only what is
 * below; the empty constraint covers every name. A wildcard stands for many names.
 */
function dnsCoverage(constraintText: string, nameText: string): Coverage {
  const constraint = constraintText.toLowerCase();
  const name = nameText.toLowerCase();
  const isWildcard = name.startsWith('*.');
  const host = isWildcard ? name.slice(2) : name;
  const base = constraint.startsWith('.') ? constraint.slice(1) : constraint;
  if (!DNS_NAME.test(host) || (constraint !== '' && !DNS_NAME.test(base))) return 'incomparable';
  if (constraint === '' || host.endsWith(`.${base}`)) return 'all';
  if (host === base) return isWildcard || constraint === base ? 'all' : 'none';
  return isWildcard && base.endsWith(`.${host}`) ? 'part' : 'none';
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

/** The constraint is a mailbox, a host, or with a dot in front every host below a domain. */
function emailCoverage(constraint: string, address: string): Coverage {
  const mailbox = parseMailbox(address);
  if (mailbox === undefined) return 'incomparable';
  if (!constraint.includes('@')) return hostCoverage(constraint, mailbox.host);
  const wanted = parseMailbox(constraint);
  if (wanted === undefined) return 'incomparable';
  // The part before the @ is compared with regard to case (RFC 5280 section 7.5).
  return wanted.local === mailbox.local && wanted.host === mailbox.host ? 'all' : 'none';
}

/** A mail address whose local part needs no quotes: others could be spelled in several ways. */
function parseMailbox(text: string): { local: string; host: string } | undefined {
  const at = text.indexOf('@');
  const local = text.slice(0, at);
  const host = text.slice(at + 1).toLowerCase();
  return at > 0 && /^[^\s"(),:;<>@[\\\]]+$/.test(local) && DNS_NAME.test(host) ? { local, host } : undefined;
}

/** A URI must name a host by its name to be compared at all (RFC 5280 section 4.2.1.10). */
function uriCoverage(constraint: string, uri: string): Coverage {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1];
  const host = authority?.replace(/^.*@/, '').replace(/:\d*$/, '').toLowerCase();
  if (host === undefined || !DNS_NAME.test(host) || parseIpAddress(host) !== undefined) return 'incomparable';
  return hostCoverage(constraint, host);
}

/** For mail addresses and URIs: a host stands for itself only, and with a dot in front for all that is below. */
function hostCoverage(constraintText: string, host: string): Coverage {
  const constraint = constraintText.toLowerCase();
  if (constraint === '') return 'all';
  const isDomain = constraint.startsWith('.');
  if (!DNS_NAME.test(isDomain ? constraint.slice(1) : constraint)) return 'incomparable';
  return (isDomain ? host.endsWith(constraint) : host === constraint) ? 'all' : 'none';
}
