/**
 * The entry `handfast/roots`: Mozilla's certificate authorities as trust anchors, for runtimes without a trust store. The list
 * is in the package `@handfast/mozilla-roots`, which is installed beside handfast where it is wanted.
 */
import { certificates, source } from '@handfast/mozilla-roots';
import type { TrustAnchor } from '../x509/anchors.ts';
import { fromBase64 } from '../x509/base64.ts';
import { parseCertificate } from '../x509/certificate.ts';

/** Authorities, and where they come from. */
export interface RootStore {
  /** For the `anchors` of `chainVerifier` and `verify`. */
  readonly anchors: readonly TrustAnchor[];
  /** What of the list is not used, since it does not parse strictly. */
  readonly skipped: readonly { readonly where: string; readonly reason: string }[];
  /** The Node.js whose list it is, such as `v26.0.0`: it is as old as that release. */
  readonly source: string;
}

let store: RootStore | undefined;

/**
 * The authorities that Mozilla trusts for servers. They are parsed at the first call, and the same from then on. Who may vouch for
 * clients is for the caller to say: anyone can get a certificate from one of these.
 *
 * Mozilla limits some authorities further, such as to certificates issued before a certain day; the list does not tell.
 */
export function mozillaRoots(): RootStore {
  store ??= read();
  return store;
}

function read(): RootStore {
  const anchors: TrustAnchor[] = [];
  const skipped: { where: string; reason: string }[] = [];
  for (const [i, text] of certificates.entries()) {
    const der = fromBase64(text);
    try {
      anchors.push(Object.freeze({ certificate: parseCertificate(der ?? new Uint8Array()) }));
    } catch (error) {
      const { message } = error as Error;
      skipped.push({ where: `certificate ${i + 1} of ${certificates.length}`, reason: message });
    }
  }
  return Object.freeze({ anchors: Object.freeze(anchors), skipped: Object.freeze(skipped), source });
}
