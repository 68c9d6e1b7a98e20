/** The extensions about certificate policies (RFC 5280 sections 4.2.1.4, 4.2.1.5 and 4.2.1.11). */
import { DerError, type DerReader, Tag } from './der.ts';
import { PolicyOid, PolicyQualifierOid } from './oids.ts';

/** RFC 5280 section 4.2.1.5: the issuer calls these two policies equal, as dotted object identifiers. */
export interface PolicyMapping {
  readonly issuerDomainPolicy: string;
  readonly subjectDomainPolicy: string;
}

/** RFC 5280 section 4.2.1.11: how many more certificates may follow before these hold. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy?: number;
  readonly inhibitPolicyMapping?: number;
}

const KNOWN_QUALIFIERS: ReadonlySet<string> = new Set(Object.values(PolicyQualifierOid));

/** The policies of certificatePolicies (RFC 5280 section 4.2.1.4); what is critical must be understood to the last qualifier. */
export function readCertificatePolicies(reader: DerReader, critical: boolean): string[] {
  const what = 'certificatePolicies';
  const list = reader.sequence(what);
  if (list.done) throw new DerError('empty-list', list.start, `${what}: expected at least one policy`);
  const policies = new Set<string>();
  while (!list.done) {
    const information = list.sequence(what);
    const policy = information.oid(what);
    if (policies.has(policy)) {
      throw new DerError(
        'duplicate-policy',
        information.start,
        `${what}: the policy ${policy} occurs more than once`,
      );
    }
    policies.add(policy);
    const qualifiers = information.optional(Tag.SEQUENCE, what);
    if (qualifiers !== undefined) readQualifiers(qualifiers, critical || policy === PolicyOid.anyPolicy);
    information.finish(what);
  }
  return [...policies];
}

/** @param known whether only the two kinds of qualifiers are allowed that RFC 5280 defines, as with anyPolicy. */
function readQualifiers(list: DerReader, known: boolean): void {
  const what = 'policyQualifiers';
  if (list.done) throw new DerError('empty-list', list.start, `${what}: expected at least one qualifier`);
  while (!list.done) {
    const information = list.sequence(what);
    const kind = information.oid(what);
    if (known && !KNOWN_QUALIFIERS.has(kind)) {
      throw new DerError(
        'policy-qualifier',
        information.start,
        `${what}: a qualifier of the kind ${kind}, where only those of RFC 5280 are allowed (critical, or with anyPolicy)`,
      );
    }
    information.readAny(what);
    information.finish(what);
  }
}

/** The pairs of policyMappings (RFC 5280 section 4.2.1.5). */
export function readPolicyMappings(reader: DerReader): PolicyMapping[] {
  const what = 'policyMappings';
  const list = reader.sequence(what);
  if (list.done) throw new DerError('empty-list', list.start, `${what}: expected at least one mapping`);
  const mappings: PolicyMapping[] = [];
  while (!list.done) {
    const pair = list.sequence(what);
    const issuerDomainPolicy = pair.oid(what);
    const subjectDomainPolicy = pair.oid(what);
    pair.finish(what);
    mappings.push({ issuerDomainPolicy, subjectDomainPolicy });
  }
  return mappings;
}

/** Reads policyConstraints. */
export function readPolicyConstraints(reader: DerReader): PolicyConstraints {
  const what = 'policyConstraints';
  const element = reader.sequence(what);
  // RFC 5280 section 4.2.1.11: an empty sequence is forbidden.
  if (element.done) {
    throw new DerError('empty-list', element.start, `${what}: neither of its two constraints is there`);
  }
  const requireExplicitPolicy = element.peek() === 0x80 ? element.smallInteger(what, 0x80) : undefined;
  const inhibitPolicyMapping = element.peek() === 0x81 ? element.smallInteger(what, 0x81) : undefined;
  element.finish(what);
  return {
    ...(requireExplicitPolicy !== undefined && { requireExplicitPolicy }),
    ...(inhibitPolicyMapping !== undefined && { inhibitPolicyMapping }),
  };
}
