/** GnuTLS: `certtool --verify` with the profile `medium`, which is 112 bits. Its clock is the system's. */
import type { Judge } from './judge.ts';
import { programVersion, runAll } from './programs.ts';

const RULES = '--verify --verify-profile medium --verify-purpose 1.3.6.1.5.5.7.3.1';

export const gnutls: Judge = {
  version: () => programVersion('certtool', ['--version'], /certtool (\S+)/),
  async judge(chains, folder) {
    const commands = chains.map(
      ({ name }, i) =>
        `certtool ${RULES} --verify-hostname ${name} --load-ca-certificate ${i}.roots.pem --infile ${i}.chain.pem`,
    );
    const outcomes = await runAll(commands, folder, 'certtool');
    return outcomes.map(({ ok, output }) => ({ ok, says: ok ? '' : reason(output) }));
  },
};

/** What follows `Chain verification output`, or the error that came before. */
function reason(output: string): string {
  const verdict = /Chain verification output: ([\s\S]*)$/.exec(output)?.[1];
  const error = /^(?:gnutls_\w+|error .*|import .*): .*$/m.exec(output)?.[0];
  return (verdict ?? error ?? output).replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}
