/** The paths that were tried and did not hold, as one tree from the leaf: it branches where they do. */
import type { JudgedCertificate, TriedPath, Verdict } from 'handfast/x509';
import { briefly, hanging } from './layout.ts';
import type { Style } from './style.ts';

/** A certificate in the tree: what paths ended with it, and how they went on. */
interface Branch {
  readonly certificate: JudgedCertificate;
  readonly ends: TriedPath[];
  readonly above: Branch[];
}

function isSame(one: JudgedCertificate, other: JudgedCertificate): boolean {
  return one.role === other.role && one.subject === other.subject && one.fingerprint === other.fingerprint;
}

/** Paths as branches, in the order in which they are given. */
function grow(paths: readonly TriedPath[]): readonly Branch[] {
  const roots: Branch[] = [];
  for (const tried of paths) {
    let level = roots;
    let reached: Branch | undefined;
    for (const certificate of tried.path) {
      reached = level.find((branch) => isSame(branch.certificate, certificate));
      if (reached === undefined) {
        reached = { certificate, ends: [], above: [] };
        level.push(reached);
      }
      level = reached.above;
    }
    reached?.ends.push(tried);
  }
  return roots;
}

/** What went wrong at the end of a path: of another certificate than that it ends with, also of which. */
function reason({ path, at, rule, source, sentence }: TriedPath): string {
  const failed = path[at]?.checks.find(
    (check) => !check.ok && check.rule === rule && check.source === source,
  );
  return at === path.length - 1 && failed !== undefined ? failed.sentence : sentence.replace(/\.$/, '');
}

const SHOWN_FINGERPRINT = 8;

function branchLines(style: Style, branch: Branch, siblings: readonly Branch[], rail: string): string[] {
  const { paint, glyphs, width } = style;
  const { certificate, ends, above } = branch;
  const { subject, role, notAfter, fingerprint } = certificate;
  const isLast = branch === siblings.at(-1);
  const inner = `${rail}${isLast ? '   ' : `${glyphs.vertical}  `}`;
  const hint = [
    role,
    ...(notAfter === undefined ? [] : [`until ${notAfter.slice(0, 10)}`]),
    // Certificates of one name differ somewhere: enough to find which is meant.
    ...(fingerprint === undefined ? [] : [`sha256 ${fingerprint.slice(0, SHOWN_FINGERPRINT)}`]),
  ].join(', ');
  const own = hanging(
    `${isLast ? glyphs.lastBranch : glyphs.branch} `,
    `${paint('name', briefly(subject, 'name') || '(no subject)')} ${paint('quiet', `(${hint})`)}`,
    width - rail.length,
  ).map((line, i) => `${rail}${i > 0 && !isLast ? `${glyphs.vertical}${line.slice(1)}` : line}`);
  const going = above.length > 0 ? `${glyphs.vertical}  ` : '';
  return [
    ...own,
    ...ends.flatMap((tried) =>
      hanging(
        `${paint('bad', glyphs.bad)} `,
        `${briefly(reason(tried))} ${paint('quiet', `(${tried.source})`)}`,
        width - inner.length - going.length,
      ).map((line) => `${inner}${going}${line}`),
    ),
    ...above.flatMap((next) => branchLines(style, next, above, inner)),
  ];
}

/** The tree, under a heading; nothing where no other path was tried. */
export function triedPathLines(style: Style, verdict: Verdict): string[] {
  const { otherPaths = [], pathsLeftOut = 0 } = verdict;
  if (otherPaths.length === 0) return [];
  const heading = verdict.ok
    ? 'Paths that were tried before, and did not hold:'
    : 'Other paths that were tried:';
  const roots = grow(otherPaths);
  return [
    style.paint('quiet', heading),
    ...roots.flatMap((root) => branchLines(style, root, roots, '')),
    ...(pathsLeftOut === 0 ? [] : [style.paint('quiet', `   and ${pathsLeftOut} more`)]),
  ];
}
