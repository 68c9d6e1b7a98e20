/** What a chain is to be, and how it is made of that: certificates from the root down, each signed after it was changed. */
import type { KeyObject } from 'node:crypto';
import { der, type Issued, type IssueOptions, pki } from './support.ts';
import { type CertificateTree, type Element, encode, find, readTree } from './tree.ts';

export type Place = 'leaf' | 'intermediate' | 'root';

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

export interface CertificatePlan {
  readonly place: Place;
  readonly options: Mutable<Omit<IssueOptions, 'issuer'>> & { key: KeyObject };
  /** Changes to what is signed. */
  readonly before: ((tree: CertificateTree) => void)[];
  /** Changes to the rest, after it was signed. */
  readonly after: ((tree: CertificateTree) => void)[];
  /** Changes what was made as a whole. */
  whole?: (encoding: Uint8Array) => Uint8Array;
  /** Signs in place of the library's test support. */
  sign?: (signer: KeyObject, tbs: Uint8Array) => Uint8Array;
}

export interface ChainPlan {
  /** Leaf first, root last. */
  readonly certificates: CertificatePlan[];
  /** What the leaf is asked for: a host name or an IP address. */
  name: string;
  /** Changes to which certificates are sent and trusted. */
  readonly finish: ((chain: Chain, make: Maker) => void)[];
}

/** A chain to be judged: certificates as DER. */
export interface Chain {
  name: string;
  leaf: Uint8Array;
  /** What a server would send after its leaf, in this order. */
  sent: Uint8Array[];
  roots: Uint8Array[];
}

/** For changes that need more certificates. */
export interface Maker {
  readonly plan: ChainPlan;
  /** As issued, in the order of the plan. */
  readonly issued: readonly Issued[];
  /** Another certificate in the place of one of the plan, with all that was done to that. */
  again(index: number, options: Partial<IssueOptions>): Issued;
}

/** Makes one certificate. */
function makeCertificate(plan: CertificatePlan, issuer: Issued | undefined): Issued {
  const options = issuer === undefined ? plan.options : { ...plan.options, issuer };
  const issued = pki.issue(options);
  const { whole = (encoding) => encoding } = plan;
  if (plan.before.length === 0 && plan.after.length === 0 && plan.sign === undefined) {
    return { ...issued, der: whole(issued.der) };
  }
  const tree = readTree(issued.der);
  for (const change of plan.before) change(tree);
  const signer = options.signWith ?? issuer?.key ?? issued.key;
  if (plan.before.length > 0 || plan.sign !== undefined) {
    const tbs = encode(tree.tbs);
    const hash = options.signatureHash ?? pki.defaultHash(signer);
    const pss = options.pss === true || signer.asymmetricKeyType === 'rsa-pss';
    const signature = plan.sign?.(signer, tbs) ?? pki.signBytes(signer, hash, pss, tbs);
    if (options.breakSignature === true) signature.set([(signature.at(-1) ?? 0) ^ 1], signature.length - 1);
    find(tree, 'signatureValue').content = der.bitString(signature).subarray(-signature.length - 1);
  }
  // Whoever it issues for names it as it names itself.
  const subject = tree.tbs.children?.find(({ field }) => field === 'subject');
  for (const change of plan.after) change(tree);
  return {
    ...issued,
    der: whole(encode(tree.certificate)),
    subject: subject === undefined ? issued.subject : encode(subject),
  };
}

/** Makes the certificates of a plan, and of these the chain. */
export function makeChain(plan: ChainPlan): Chain {
  const issued: Issued[] = [];
  for (const certificate of plan.certificates.toReversed()) {
    issued.unshift(makeCertificate(certificate, issued[0]));
  }
  const again: Maker['again'] = (index, { issuer = issued[index + 1], ...options }) => {
    const { options: first, ...rest } = plan.certificates[index] as CertificatePlan;
    // Who signs with RSA does so in one of two ways; other keys have no choice.
    const pss = first.pss === true && issuer?.key.asymmetricKeyType === 'rsa';
    return makeCertificate({ ...rest, options: { ...first, ...options, key: first.key, pss } }, issuer);
  };
  const [leaf, ...others] = issued.map(({ der: bytes }) => bytes);
  const chain: Chain = {
    name: plan.name,
    leaf: leaf ?? new Uint8Array(0),
    sent: others.slice(0, -1),
    roots: others.slice(-1),
  };
  for (const change of plan.finish) change(chain, { plan, issued, again });
  return chain;
}

/** Puts a complete TLV in the place of an element. */
export function replace(at: Element, encoding: Uint8Array): void {
  const [tag = 0, length = 0] = encoding;
  at.tag = tag;
  at.content = encoding.slice(length < 0x80 ? 2 : 2 + (length & 0x7f));
  delete at.children;
}
