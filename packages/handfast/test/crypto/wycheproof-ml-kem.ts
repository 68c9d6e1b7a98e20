/** Wycheproof files of ML-KEM, through the checks that shares of TLS pass. */
import { type MlKem, mlKemExchange } from '../../src/crypto/ml-kem.ts';
import type { KeyExchange } from '../../src/crypto/provider.ts';
import { equalBytes } from '../../src/wire/bytes.ts';
import { TlsError } from '../../src/wire/errors.ts';
import { NamedGroup } from '../../src/wire/registry.ts';
import { bytes, type Outcome, type VectorFile } from './wycheproof.ts';

/** An implementation with the randomness that a vector gives. */
export interface MlKemSubject {
  /** Whether `encapsulate` obeys `random` too, not only `generate`. */
  readonly isDeterministic: boolean;
  withRandom(group: NamedGroup, random: Uint8Array): MlKem;
}

/** Runs a vector. */
async function outcome(
  subject: MlKemSubject,
  group: NamedGroup,
  random: Uint8Array,
  check: (exchange: KeyExchange) => Promise<boolean>,
): Promise<Outcome> {
  try {
    const isRight = await check(mlKemExchange(group, subject.withRandom(group, random)));
    return isRight ? 'accepted' : 'wrong result';
  } catch (error) {
    if (error instanceof TlsError && error.code === 'ERR_BAD_KEY_SHARE') return 'refused';
    throw error;
  }
}

/** d || z (FIPS 203 algorithm 19). */
const SEED_LENGTH = 64;

function decapsulationFile(subject: MlKemSubject, name: string, run: number, group: NamedGroup): VectorFile {
  return {
    name,
    run,
    check(_group, vector) {
      const seed = bytes(vector, 'seed');
      // Keys of TLS live for one handshake: none comes from outside.
      if (seed.length !== SEED_LENGTH) return 'not offered: seeds of other lengths';
      return outcome(subject, group, seed, async (exchange) => {
        const offer = await exchange.start();
        const secret = await offer.finish(bytes(vector, 'c'));
        return equalBytes(offer.share, bytes(vector, 'ek')) && equalBytes(secret, bytes(vector, 'K'));
      });
    },
  };
}

function encapsulationFile(subject: MlKemSubject, name: string, run: number, group: NamedGroup): VectorFile {
  return {
    name,
    run,
    check: (_group, vector) =>
      outcome(subject, group, bytes(vector, 'm'), async (exchange) => {
        const { share, secret } = await exchange.respond(bytes(vector, 'ek'));
        const [c, k] = [bytes(vector, 'c'), bytes(vector, 'K')];
        return subject.isDeterministic
          ? equalBytes(share, c) && equalBytes(secret, k)
          : share.length === c.length && secret.length === k.length;
      }),
  };
}

/** The decapsulation keys of these vectors stay inside an implementation; what they do is in the files of decapsulation. */
function keyFile(subject: MlKemSubject, name: string, run: number, group: NamedGroup): VectorFile {
  return {
    name,
    run,
    check: (_group, vector) =>
      outcome(subject, group, bytes(vector, 'seed'), async (exchange) =>
        equalBytes((await exchange.start()).share, bytes(vector, 'ek')),
      ),
  };
}

export function mlKemFiles(subject: MlKemSubject): readonly VectorFile[] {
  const { MLKEM768, MLKEM1024 } = NamedGroup;
  return [
    decapsulationFile(subject, 'mlkem_768_test.json', 173, MLKEM768),
    encapsulationFile(subject, 'mlkem_768_encaps_test.json', 265, MLKEM768),
    keyFile(subject, 'mlkem_768_keygen_seed_test.json', 100, MLKEM768),
    decapsulationFile(subject, 'mlkem_1024_test.json', 173, MLKEM1024),
    encapsulationFile(subject, 'mlkem_1024_encaps_test.json', 269, MLKEM1024),
    keyFile(subject, 'mlkem_1024_keygen_seed_test.json', 100, MLKEM1024),
  ];
}
