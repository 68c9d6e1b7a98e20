/** Name constraints: which names an authority may vouch for (RFC 5280 section 4.2.1.10). */
import type { Certificate } from './certificate.ts';
import type { NameConstraints } from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { parseIpAddress } from './ip-address.ts';
import type { DistinguishedName } from './name.ts';
import { AttributeOid } from './oids.ts';

/** Counts one comparison; throws when there were too many. */
export type ComparisonBudget = () => void;

type Kind = GeneralName['kind'];

/** How a constraint bears on a name: it covers all that the name can stand for, a part of it, or nothing. */
type Coverage = 'all' | 'some' | 'none';

/** Why a certificate's names break the constraints of an authority above it; `undefined` when they keep to them. */
export function constraintViolation(
  constraints: NameConstraints,
  certificate: Certificate,
  spend: ComparisonBudget,
): string | undefined {
  for (const name of constrainedNames(certificate)) {
    const ofKind = (list: readonly GeneralName[]) => list.filter(({ kind }) => kind === name.kind);
    const permitted = ofKind(constraints.permitted);
    const excluded = ofKind(constraints.excluded);
    for (const constraint of [...permitted, ...excluded]) {
      const wrong = unusable(constraint);
      if (wrong !== undefined) return wrong;
    }
    const touches = (constraint: GeneralName, wanted: readonly Coverage[]): boolean => {
      spend();
      return wanted.includes(coverage(constraint, name));
    };
    if (excluded.some((constraint) => touches(constraint, ['all', 'some'])))
      return `${show(name)} is excluded`;
    if (permitted.length > 0 && !permitted.some((constraint) => touches(constraint, ['all']))) {
      return `${show(name)} is not among the permitted names`;
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

const UNSUPPORTED: ReadonlySet<Kind> = new Set(['otherName', 'x400Address', 'ediPartyName', 'registeredID']);

/** Constraints that cannot be applied are never passed over in silence. */
function unusable(constraint: GeneralName): string | undefined {
  if (UNSUPPORTED.has(constraint.kind))
    return `a constraint on names of the kind ${constraint.kind} cannot be checked`;
  if (constraint.kind === 'dNSName' && !/^\.?([0-9a-z_-]+(\.[0-9a-z_-]+)*)?$/i.test(constraint.value)) {
    return `the DNS constraint ${JSON.stringify(constraint.value)} is malformed`;
  }
  if (constraint.kind === 'iPAddress' && !isContiguousMask(constraint.octets)) {
    return 'an IP address constraint has a mask that is not contiguous';
  }
  return undefined;
}

function isContiguousMask(octets: Uint8Array): boolean {
  const bits = Array.from(octets.subarray(octets.length / 2), (octet) =>
    octet.toString(2).padStart(8, '0'),
  ).join('');
  return !bits.includes('01');
}

function coverage(constraint: GeneralName, name: GeneralName): Coverage {
  if (constraint.kind === 'dNSName' && name.kind === 'dNSName')
    return dnsCoverage(constraint.value, name.value);
  return includes(constraint, name) ? 'all' : 'none';
}

function includes(constraint: GeneralName, name: GeneralName): boolean {
  switch (constraint.kind) {
    case 'iPAddress':
      return name.kind === 'iPAddress' && ipIncludes(constraint.octets, name.octets);
    case 'rfc822Name':
      return name.kind === 'rfc822Name' && emailIncludes(constraint.value, name.value);
    case 'uniformResourceIdentifier':
      return name.kind === 'uniformResourceIdentifier' && uriIncludes(constraint.value, name.value);
    case 'directoryName':
      return name.kind === 'directoryName' && directoryIncludes(constraint.name, name.name);
    default:
      return false;
  }
}

/** `example.com` covers itself and everything below; with a dot in front only what is below. */
function dnsIncludes(constraint: string, name: string): boolean {
  if (constraint === '') return true;
  const base = constraint.startsWith('.') ? constraint : `.${constraint}`;
  return name.endsWith(base) || (!constraint.startsWith('.') && name === constraint);
}

/** A wildcard stands for many names: one constraint may cover a part of them. */
function dnsCoverage(constraintText: string, nameText: string): Coverage {
  const constraint = constraintText.toLowerCase();
  const name = nameText.toLowerCase();
  if (dnsIncludes(constraint, name)) return 'all';
  const isPart =
    name.startsWith('*.') && dnsIncludes(name.slice(1), `.${constraint}`.replace('..', '.').slice(1));
  return isPart ? 'some' : 'none';
}

function ipIncludes(range: Uint8Array, address: Uint8Array): boolean {
  if (range.length !== 2 * address.length) return false;
  return address.every((octet, i) => {
    const mask = range[address.length + i] as number;
    return (octet & mask) === ((range[i] as number) & mask);
  });
}

/** A mailbox, a host, or with a dot in front every host of a domain. */
function emailIncludes(constraint: string, address: string): boolean {
  const at = address.lastIndexOf('@');
  if (at <= 0) return false;
  const host = address.slice(at + 1).toLowerCase();
  const constraintAt = constraint.lastIndexOf('@');
  if (constraintAt >= 0) {
    // The part before the @ is compared with regard to case (RFC 5280 section 7.5).
    return (
      constraint.slice(0, constraintAt) === address.slice(0, at) &&
      constraint.slice(constraintAt + 1).toLowerCase() === host
    );
  }
  return hostIncludes(constraint, host);
}

function uriIncludes(constraint: string, uri: string): boolean {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(uri)?.[1]?.toLowerCase();
  // A URI without a host name is outside of every constraint (RFC 5280 section 4.2.1.10).
  return host !== undefined && parseIpAddress(host) === undefined && hostIncludes(constraint, host);
}

function hostIncludes(constraint: string, host: string): boolean {
  const wanted = constraint.toLowerCase();
  return wanted.startsWith('.') ? host.endsWith(wanted) && host.length > wanted.length : host === wanted;
}

function directoryIncludes(base: DistinguishedName, name: DistinguishedName): boolean {
  return name.isWithin(base);
}

function show(name: GeneralName): string {
  switch (name.kind) {
    case 'directoryName':
      return `the name '${name.name}'`;
    case 'dNSName':
    case 'rfc822Name':
    case 'uniformResourceIdentifier':
      return `the name '${name.value}'`;
    default:
      return `a name of the kind ${name.kind}`;
  }
}
