/**
 * Node's X509Certificate, which knows links and no paths. It is asked whether it reads every certificate, whether the leaf is
 * for the host, and whether there is a way from the leaf to a root on which each next certificate issued the one before
 * (`checkIssued`) and signed it (`verify`).
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Chain } from '../plan.ts';
import type { Answer, Judge } from './judge.ts';

/** Links of a way; more than any chain here has. */
const MAX_LINKS = 6;

function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function leads(
  from: X509Certificate,
  sent: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  links = 0,
): boolean {
  if (roots.some((root) => root.raw.equals(from.raw) || signed(root, from))) return true;
  return (
    links < MAX_LINKS &&
    sent.some(
      (next) =>
        next !== from &&
        !next.raw.equals(from.raw) &&
        signed(next, from) &&
        leads(next, sent, roots, links + 1),
    )
  );
}

function judgeOne({ leaf, sent, roots, name }: Chain): Answer {
  try {
    const [own, ...others] = [leaf, ...sent, ...roots].map((encoding) => new X509Certificate(encoding));
    if (own === undefined) return { ok: false, says: 'no certificate' };
    const carries = isIP(name) ? own.checkIP(name) : own.checkHost(name, { subject: 'never' });
    if (carries === undefined) return { ok: false, says: 'host name' };
    const ok = leads(own, others.slice(0, sent.length), others.slice(sent.length));
    return { ok, says: ok ? '' : 'no way to a root' };
  } catch (error) {
    return { ok: false, says: (error as Error).message };
  }
}

export const node: Judge = {
  version: () => process.versions.node,
  judge: async (chains) => chains.map(judgeOne),
};
