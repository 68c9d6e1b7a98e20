/** What to do about a refusal: for each rule in general, and in particular where the path tells more. */
import { equalBytes, toHex } from '../wire/bytes.ts';
import { isRoot } from './anchors.ts';
import type { Certificate } from './certificate.ts';
import type { Purpose } from './checks.ts';
import { AccessMethodOid } from './oids.ts';
import type { Failure, Issuer, Step } from './path-report.ts';
import type { JudgedCertificate, Rule } from './verdict.ts';

/** Advice by where the certificate at fault stands in its path. */
interface AdviceByRole {
  /** Also where no certificate is at fault. */
  readonly leaf: string;
  readonly authority: string;
  /** Default: as for every authority. */
  readonly anchor?: string;
}

const ANOTHER_AUTHORITY = 'or use a certificate from another authority';

const ADVICE: { readonly [R in Rule]: AdviceByRole | string } = {
  anchors: 'Add the certificates of the authorities that you trust to the trust anchors.',
  issuer:
    'The peer should send its whole chain of intermediates; if you trust its authority, add that to the trust anchors.',
  signature:
    'It was altered, or issued by somebody else of that name: get the chain again from where it was issued.',
  signatureAlgorithm: {
    leaf: 'Have it issued again with ECDSA, Ed25519, ML-DSA or RSA, and SHA-256 or better.',
    authority: `Its authority must sign it again with ECDSA, Ed25519, ML-DSA or RSA, and SHA-256 or better; ${ANOTHER_AUTHORITY}.`,
  },
  weakSignature: {
    leaf: 'Have it issued again with SHA-256 or better.',
    authority: `Its authority must sign it again with SHA-256 or better; ${ANOTHER_AUTHORITY}.`,
  },
  publicKey: {
    leaf: 'Have it issued again for an ECDSA (P-256, P-384, P-521), Ed25519, Ed448, ML-DSA or RSA key.',
    authority: 'Use a certificate from an authority with an ECDSA, Ed25519, Ed448, ML-DSA or RSA key.',
  },
  weakKey: {
    leaf: 'Make a new key, and have it issued again for that.',
    authority: 'Use a certificate from an authority with a stronger key.',
  },
  serialNumber: 'Its authority must issue it again with a positive serial number.',
  emptyName: 'Its authority must issue it again with the name filled in.',
  notBefore:
    'Check the clock that it is judged by; if that is right, wait until then, or use a certificate that is valid already.',
  notAfter: {
    leaf: 'Have it renewed, and the new one installed; if it should be valid still, check the clock that it is judged by.',
    authority:
      'Whoever shows it should send the current certificate of that authority in its place; if you trust that authority itself, add its root to the trust anchors.',
    anchor: 'Put the current certificate of that authority in the place of this trust anchor.',
  },
  criticalExtension: {
    leaf: 'Have it issued again without that extension, or with one that is not critical.',
    authority: `Its authority must issue it again without that extension, or with one that is not critical; ${ANOTHER_AUTHORITY}.`,
  },
  basicConstraints: {
    leaf: 'Have it issue a certificate that is no authority, and show that in its place.',
    authority: 'Have the certificate below it issued by an authority, and give that in place of this one.',
  },
  pathLength: 'Have the certificate issued by an authority nearer to the root.',
  keyUsage: {
    leaf: 'Have it issued again for that use.',
    authority:
      'Have the certificate below it issued by an authority whose key may sign certificates, or have this authority issued again so that it may.',
  },
  extendedKeyUsage: {
    leaf: 'Have it issued again for that purpose, or use it only for those that it names.',
    authority: 'Have the certificate below it issued by an authority that may issue for that purpose.',
  },
  nameConstraints: 'Have the certificate issued by an authority that may vouch for that name.',
  certificatePolicies:
    'Use a certificate that was issued under such a policy, or accept a policy that the path is valid for.',
  policyMappings: 'Its authority must issue it again without that mapping.',
  name: 'Ask for one of the names that it carries, or have it issued again with that name among its subject alternative names.',
  revocation: {
    leaf: 'Have a new one issued, for a new key if others may know the old one.',
    authority: 'Have the certificate below it issued by another authority.',
  },
  revocationStatus:
    'Give a current revocation list or OCSP response of its issuer, or do not require its status to be known.',
  stapledResponse:
    'The server should fetch a current OCSP response from the responder of its authority, and staple that.',
  mustStaple: 'The server should staple an OCSP response to its certificate.',
  transparency:
    'Have it issued by an authority that shows it to the transparency logs that are asked for, or ask for fewer of them.',
  profile: 'Have it issued again by the rules, or judge it by a profile that asks for less.',
  budget:
    'Give only the certificates, revocation lists and OCSP responses that belong to the chain, or allow more work (a larger budget).',
  custom: 'Ask those who run this application what they demand of a certificate.',
};

/** What to do about a breach of a rule, where no more is known than the rule. */
export function generalAdvice(rule: Rule, role: JudgedCertificate['role'] = 'leaf'): string {
  const advice = ADVICE[rule];
  if (typeof advice === 'string') return advice;
  if (role === 'leaf') return advice.leaf;
  return (role === 'anchor' ? advice.anchor : undefined) ?? advice.authority;
}

/** What advice may depend on besides the path. */
export interface AdviceContext {
  readonly purpose: Purpose;
  /** What came along with the leaf. */
  readonly intermediates: readonly Certificate[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What to do about a path that failed, as concretely as it can be said. */
export function adviceFor(failure: Failure, context: AdviceContext): string {
  const { steps, issuer, failed, at } = failure;
  const certificate = steps[at]?.certificate;
  const role = at === 0 ? 'leaf' : certificate === undefined ? (issuer?.of.role ?? 'anchor') : 'intermediate';
  const particular =
    failed.rule === 'issuer' && certificate !== undefined
      ? adviceAboutIssuer(certificate, at, context)
      : failed.rule === 'signature' && certificate !== undefined && issuer !== undefined
        ? adviceAboutKey(certificate, issuer.of)
        : failed.rule === 'notAfter' && role === 'anchor' && issuer !== undefined
          ? adviceAboutExpired(issuer.of, steps, context)
          : undefined;
  return particular ?? generalAdvice(failed.rule, role);
}

/** Who should send what is missing. */
function peerOf(purpose: Purpose): string {
  return purpose === 'server' || purpose === 'client' ? `the ${purpose}` : 'whoever shows it';
}

/** Nobody with the name of the issuer is at hand, or only those that the path has already. */
function adviceAboutIssuer(certificate: Certificate, at: number, context: AdviceContext): string {
  const { purpose, intermediates } = context;
  const issuer = `'${certificate.issuer.label}'`;
  if (isRoot(certificate)) {
    return at === 0
      ? 'If you know it to be right, add it to the trust anchors; otherwise have a certificate issued by an authority that is trusted here.'
      : 'If you trust this authority, add its certificate to the trust anchors; otherwise use a certificate from an authority that is trusted here.';
  }
  if (intermediates.some(({ subject }) => subject.equals(certificate.issuer))) {
    return `If ${issuer} is an authority that you trust, add it to the trust anchors; otherwise ${peerOf(purpose)} should send the certificates that lead from it to a root.`;
  }
  const trust = `f ${issuer} is an authority that you trust, add it to the trust anchors`;
  const send = (word: string): string =>
    `${peerOf(purpose)} should send the intermediate ${issuer} ${word}, and you can add it to the intermediates yourself`;
  const advice =
    at === 0
      ? `Most likely ${send('together with its certificate')}; i${trust}.`
      : `I${trust}; if it is an intermediate, ${send('too')}.`;
  return advice + whereToGet(certificate);
}

/** Somebody with the name of the issuer is at hand, who did not sign. */
function adviceAboutKey(certificate: Certificate, issuer: Issuer): string | undefined {
  const wanted = certificate.authorityKeyIdentifier?.keyIdentifier;
  const offered = issuer.certificate?.subjectKeyIdentifier;
  if (wanted === undefined || offered === undefined || equalBytes(wanted, offered)) return undefined;
  const name = `'${certificate.issuer.label}'`;
  return `It says that another key of that name signed it (key identifier ${shortHex(wanted)}; that at hand has ${shortHex(offered)}): get the certificates of ${name} from that authority itself, and if none of them has that key, believe none of this chain.${whereToGet(certificate)}`;
}

/** A trust anchor has expired: its authority may go on with the same key, or what it vouched for may be trusted in its place. */
function adviceAboutExpired(anchor: Issuer, steps: readonly Step[], context: AdviceContext): string {
  const der = anchor.certificate?.publicKeyInfo.der;
  const twin = context.intermediates.some(
    ({ subject, publicKeyInfo, notAfter }) =>
      der !== undefined &&
      subject.equals(anchor.name) &&
      equalBytes(publicKeyInfo.der, der) &&
      notAfter.time >= context.at,
  );
  if (twin) {
    return 'A newer certificate of that authority, for the same key, came along: if you trust it, put it in the place of this trust anchor.';
  }
  const replace = 'Put the current certificate of that authority in the place of this trust anchor';
  const below = steps.length > 1 ? steps.at(-1)?.certificate.subject : undefined;
  return below === undefined || below.equals(anchor.name)
    ? `${replace}.`
    : `${replace}; or, if you trust '${below.label}' (below it) by itself, add its certificate to the trust anchors.`;
}

/** Longer addresses help nobody, and would fill a screen. */
const MAX_SHOWN_URL_LENGTH = 200;

/** Where the issuer's certificate is published, as the certificate says (RFC 5280 section 4.2.2.1). */
function whereToGet({ authorityInfoAccess = [] }: Certificate): string {
  for (const { method, location } of authorityInfoAccess) {
    if (method !== AccessMethodOid.caIssuers || location.kind !== 'uniformResourceIdentifier') continue;
    const { value } = location;
    if (value.length > MAX_SHOWN_URL_LENGTH || !/^https?:\/\/[!-~]+$/i.test(value)) continue;
    return ` Its authority publishes that at ${value}, says the certificate.`;
  }
  return '';
}

const MAX_SHOWN_IDENTIFIER_OCTETS = 20;

function shortHex(octets: Uint8Array): string {
  const shown = toHex(octets.subarray(0, MAX_SHOWN_IDENTIFIER_OCTETS));
  return octets.length > MAX_SHOWN_IDENTIFIER_OCTETS ? `${shown}...` : shown;
}
