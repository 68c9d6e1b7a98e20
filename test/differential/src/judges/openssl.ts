/** `openssl verify -x509_strict`, with policies, and keys and hashes from 112 bits on. */
import { isIP } from 'node:net';
import { NOW } from '../base.ts';
import type { Judge } from './judge.ts';
import { programVersion, runAll } from './programs.ts';

const RULES = `-x509_strict -partial_chain -policy_check -auth_level 2 -purpose sslserver -attime ${NOW / 1000} -no-CApath -no-CAstore`;

export const openssl: Judge = {
  version: () => programVersion('openssl', ['version'], /OpenSSL (\S+)/),
  async judge(chains, folder) {
    const commands = chains.map(({ name }, i) => {
      const wanted = isIP(name) ? `-verify_ip ${name}` : `-verify_hostname ${name}`;
      const untrusted = (chains[i]?.sent.length ?? 0) > 0 ? `-untrusted ${i}.sent.pem` : '';
      return `openssl verify ${RULES} ${wanted} -CAfile ${i}.roots.pem ${untrusted} ${i}.leaf.pem`;
    });
    const outcomes = await runAll(commands, folder, 'openssl');
    return outcomes.map(({ ok, output }) => ({ ok, says: ok ? '' : reason(output) }));
  },
};

/** `error 20 at 0 depth lookup: unable to get local issuer certificate`, or why something could not be read. */
function reason(output: string): string {
  const told = [...output.matchAll(/^error \d+ at (\d+) depth lookup: ?(.*)$/gm)].map(([, , text]) => text);
  if (told.length > 0) return told.join('; ');
  return (
    /(Could not (?:read|find) .*|Error loading file .*|Unable to load .*|unable to .*)/.exec(output)?.[1] ??
    output.slice(0, 200)
  );
}
