/** signature_algorithms and signature_algorithms_cert (RFC 9846 section 4.3.3). */
import { uint, vector } from '../codec.ts';
import { ExtensionType, signatureSchemeName } from '../registry.ts';

const signatureSchemeList = vector(uint(2, signatureSchemeName), 2, 0xfffe);
const where = { ClientHello: signatureSchemeList, CertificateRequest: signatureSchemeList } as const;

export const signatureAlgorithms = { type: ExtensionType.signature_algorithms, in: where } as const;
export const signatureAlgorithmsCert = { type: ExtensionType.signature_algorithms_cert, in: where } as const;
