/** The node provider as Wycheproof sees it. */
import { montgomerySecret } from '../../../src/crypto/node/montgomery.ts';
import { NIST_CURVES, nistSecret } from '../../../src/crypto/node/nist.ts';
import { nodeProvider } from '../../../src/crypto/node/provider.ts';
import { signingKey } from '../../../src/crypto/node/signing-key.ts';
import { groupName, NamedGroup } from '../../../src/wire/registry.ts';
import { ecdhKey, montgomeryKey } from '../../support/raw-keys.ts';
import type { Subject } from '../wycheproof.ts';

export const nodeSubject: Subject = {
  provider: nodeProvider,
  sharedSecret(group, privateKey, peerShare) {
    if (group === NamedGroup.x25519 || group === NamedGroup.x448) {
      const curve = group === NamedGroup.x25519 ? 'x25519' : 'x448';
      return montgomerySecret(curve, montgomeryKey(curve, privateKey), peerShare);
    }
    const curve = Object.values(NIST_CURVES).find((candidate) => candidate.group === group);
    if (curve === undefined) throw new RangeError(`no vectors for ${groupName(group)}`);
    return nistSecret(curve, ecdhKey(curve.openssl, privateKey), peerShare);
  },
  rsaKey: (pkcs8) => signingKey(pkcs8),
};
