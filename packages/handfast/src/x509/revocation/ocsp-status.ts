/** The status of a certificate by OCSP responses: who may answer, about whom, and until when (RFC 6960 section 3.2). */
import type { HashName } from '../../crypto/provider.ts';
import { equalBytes } from '../../wire/bytes.ts';
import { publicKeyBits } from '../algorithms.ts';
import type { Judging } from '../budget.ts';
import type { Certificate } from '../certificate.ts';
import { checkAnywhere, checkSignatureAlgorithm, isoTime } from '../checks.ts';
import { constraintViolation } from '../name-constraints.ts';
import { ExtensionOid, PurposeOid } from '../oids.ts';
import { type Authority, type Finding, outsideWindow, type StatusContext, type Target } from './context.ts';
import type {
  BasicOcspResponse,
  OcspCertificateId,
  OcspResponderId,
  OcspResponse,
  OcspSingleResponse,
} from './ocsp.ts';

const SOURCE = 'RFC 6960 section 3.2';

/** The worst comes first: where a response speaks of a certificate twice, that counts. */
const GRAVITY = ['revoked', 'unknown', 'good'] as const;

/** Why a response cannot be used; `undefined` when it can. */
type Objection = string | undefined;

/** Says why the certificate of a responder is not to be believed, as far as revocation goes. */
export type ResponderStatus = (target: Target) => Judging<Objection>;

export class OcspStatus {
  readonly #context: StatusContext;
  readonly #responderStatus: ResponderStatus;

  constructor(context: StatusContext, responderStatus: ResponderStatus) {
    this.#context = context;
    this.#responderStatus = responderStatus;
  }

  /**
   * What a response says about a certificate; `undefined` when it is a good one about others.
   * @param nonce that which the request had, if it had one.
   */
  *ask(response: OcspResponse, target: Target, nonce?: Uint8Array): Judging<Finding | undefined> {
    if (response.status !== 'successful') {
      return { status: 'unknown', reasons: [`the OCSP responder gave no answer but ${response.status}`] };
    }
    const { basic } = response;
    const about = basic.responses.filter(({ certificateId }) => this.#isAbout(certificateId, target));
    if (about.length === 0) return undefined;
    const label = `the OCSP response of ${isoTime(basic.producedAt)}`;
    const objection = checkNonce(basic, nonce) ?? (yield* this.#checkSigner(basic, target));
    if (objection !== undefined)
      return { status: 'unknown', reasons: [`${label} says nothing: ${objection}`] };
    const outside = about.map((single) => this.#outside(single));
    const current = about.filter((_, index) => outside[index] === undefined);
    for (const status of GRAVITY) {
      const single = current.find((one) => one.status === status);
      if (single === undefined) continue;
      if (status === 'unknown') {
        return { status, reasons: [`${label} says that the responder does not know the certificate`] };
      }
      return { status, sentence: tell(single, label), source: SOURCE };
    }
    return { status: 'unknown', reasons: [`${label} says nothing: ${outside[0]}`] };
  }

  #outside({ thisUpdate, nextUpdate }: OcspSingleResponse): Objection {
    return outsideWindow({ thisUpdate, nextUpdate }, this.#context);
  }

  #hash(name: HashName, bytes: Uint8Array): Uint8Array {
    const hash = this.#context.provider.hash(name);
    hash.update(bytes);
    return hash.digest();
  }

  #isAbout(id: OcspCertificateId, { certificate, issuer }: Target): boolean {
    return (
      id.hash !== undefined &&
      equalBytes(id.serialNumber, certificate.serialNumber) &&
      equalBytes(id.issuerNameHash, this.#hash(id.hash, certificate.issuer.der)) &&
      equalBytes(id.issuerKeyHash, this.#hash(id.hash, keyBits(issuer)))
    );
  }

  #isResponder(id: OcspResponderId, authority: Pick<Authority, 'name'>, bits: Uint8Array): boolean {
    return 'name' in id ? id.name.equals(authority.name) : equalBytes(id.keyHash, this.#hash('SHA-1', bits));
  }

  /** Who signed must be the issuer, or whom the issuer made a responder (RFC 6960 section 4.2.2.2). */
  *#checkSigner(basic: BasicOcspResponse, target: Target): Judging<Objection> {
    const { budget, situation, certificates } = this.#context;
    const { responderId } = basic;
    const { issuer } = target;
    const algorithm = checkSignatureAlgorithm(basic, situation);
    if (!algorithm.ok) return algorithm.sentence;
    let objection = 'it is signed neither by the issuer nor by a responder whose certificate came along';
    if (this.#isResponder(responderId, issuer, keyBits(issuer))) {
      if (yield* budget.isSigned(basic, issuer.key)) return undefined;
      objection = 'its signature was not made by the issuer, although it says so';
    }
    for (const certificate of [...basic.certificates, ...certificates]) {
      const { subject: name, publicKeyInfo } = certificate;
      if (certificate === issuer.certificate) continue;
      if (!this.#isResponder(responderId, { name }, publicKeyInfo.bits)) continue;
      budget.candidate();
      const wrong = yield* this.#checkDelegated(basic, certificate, target);
      if (wrong === undefined) return undefined;
      objection = wrong;
    }
    return objection;
  }

  /** A responder is below the authorities that its issuer is below, and their name constraints hold for it, too. */
  #forbiddenName(responder: Certificate, { authorities }: Target): Objection {
    const { comparison } = this.#context.budget;
    for (const { certificate, constraints } of authorities) {
      for (const limits of [certificate?.nameConstraints, constraints?.nameConstraints]) {
        const violation = limits && constraintViolation(limits, responder, comparison);
        if (violation !== undefined) return violation.sentence;
      }
    }
    return undefined;
  }

  *#checkDelegated(basic: BasicOcspResponse, responder: Certificate, target: Target): Judging<Objection> {
    const { budget, situation, checkOwnNames } = this.#context;
    const { issuer } = target;
    const { key } = responder.publicKeyInfo;
    const label = `its responder '${responder.subject}'`;
    if (equalBytes(responder.der, target.certificate.der)) return 'the certificate cannot speak for itself';
    if (!responder.extKeyUsage?.includes(PurposeOid.OCSPSigning)) {
      return `${label} was not made one by the issuer (its purposes do not include OCSPSigning)`;
    }
    const { keyUsage } = responder;
    if (
      keyUsage !== undefined &&
      !keyUsage.includes('digitalSignature') &&
      !keyUsage.includes('nonRepudiation')
    ) {
      return `the key of ${label} may not sign (keyUsage lacks digitalSignature)`;
    }
    const checks = [
      ...checkAnywhere(responder, { ...situation, profile: [] }, 'leaf'),
      checkSignatureAlgorithm(responder, situation),
      ...checkOwnNames(responder),
    ];
    const failed = checks.find(({ ok }) => !ok);
    if (failed !== undefined) return `${label} is not acceptable: ${failed.sentence}`;
    const forbidden = this.#forbiddenName(responder, target);
    if (forbidden !== undefined) return `${label} is not acceptable: ${forbidden}`;
    if (!responder.issuer.equals(issuer.name) || !(yield* budget.isSigned(responder, issuer.key))) {
      return `${label} was not made one by the issuer (another signed its certificate)`;
    }
    if (key === undefined || !(yield* budget.isSigned(basic, key))) {
      return `its signature was not made by ${label}, although it says so`;
    }
    if (responder.extensions.has(ExtensionOid.ocspNoCheck)) return undefined;
    const wrong = yield* this.#responderStatus({ ...target, certificate: responder });
    return wrong && `${label} is not acceptable: ${wrong}`;
  }
}

function keyBits({ certificate, key }: Authority): Uint8Array {
  return certificate?.publicKeyInfo.bits ?? publicKeyBits(key);
}

function checkNonce(basic: BasicOcspResponse, nonce: Uint8Array | undefined): Objection {
  if (nonce === undefined) return undefined;
  if (basic.nonce === undefined) return 'it does not carry the nonce of the request';
  return equalBytes(basic.nonce, nonce) ? undefined : 'it carries another nonce than the request had';
}

function tell(
  { status, revocationTime = 0, reason = 'unspecified' }: OcspSingleResponse,
  label: string,
): string {
  return status === 'good'
    ? `it is not revoked, says ${label}`
    : `it was revoked at ${isoTime(revocationTime)} (${reason}), says ${label}`;
}
