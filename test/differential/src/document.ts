/** docs/differential.md: the classes of disagreements, as a table for people. */
import type { Class } from './compare.ts';
import { JUDGES, type JudgeName } from './judges/judge.ts';

const TITLES: Readonly<Record<JudgeName, string>> = {
  openssl: '`openssl verify -x509_strict`',
  gnutls: 'GnuTLS: `certtool --verify`',
  go: "Go's `crypto/x509`",
  node: "Node's `X509Certificate`",
};

const QUESTIONS: Readonly<Record<JudgeName, string>> = {
  openssl:
    'OpenSSL 3.0, with `-partial_chain -policy_check -auth_level 2 -purpose sslserver` and the name; beside handfast with the\nprofile of RFC 5280, since `-x509_strict` asks for what that asks.',
  gnutls: 'GnuTLS 3.7, with the profile `medium`, the purpose of a server, and the name.',
  go: 'Go 1.24 or newer: `Certificate.Verify` with the name and the purpose of a server. Go does not know keys of Ed448 and of PSS\nalone: of chains that these signed it is not asked.',
  node: 'It has no notion of a path, so it is asked whether it reads all certificates, whether the leaf is for the host\n(`checkHost` or `checkIP`), and whether `checkIssued` and `verify` lead from the leaf to a root.',
};

const HEADER = `# Where others judge differently

\`npm run differential\` makes thousands of chains, most of them with a fault or a peculiarity, and has them judged by handfast,
OpenSSL, GnuTLS, Go and Node. This is the table of all disagreements that are known, and why handfast answers as it does. A
disagreement that is of none of these classes fails the run, and so does a class that no chain falls into. What a class is about is
written down beside the generator (\`test/differential\`), in the terms of what was done to a chain.

"Laxer" judges accept what handfast refuses; "stricter" ones refuse what it accepts. This page is written by
\`npm run differential -- --write\`.
`;

function table(classes: readonly Class[]): string {
  const rows = classes.map(({ side, what, why }) =>
    [side, what, why].map((cell) => cell.replaceAll('|', '\\|')),
  );
  const all = [['', 'about', 'why handfast does not'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = all;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...body.map(line)].join('\n');
}

export function documentText(classes: readonly Class[]): string {
  const parts = JUDGES.map((judge) => {
    const own = classes.filter((known) => known.judge === judge);
    const ordered = [
      ...own.filter(({ side }) => side === 'stricter'),
      ...own.filter(({ side }) => side === 'laxer'),
    ];
    return `## ${TITLES[judge]}\n\n${QUESTIONS[judge]}\n\n${table(ordered)}\n`;
  });
  return `${HEADER}\n${parts.join('\n')}`;
}
