/** Edits of extensions, which twists are made of. */
import type { Place } from '../plan.ts';
import { der, type IssueOptions } from '../support.ts';
import { type CertificateTree, type Element, element, find } from '../tree.ts';
import { options, type Twist, tree } from '../twist.ts';

export type Extra = NonNullable<IssueOptions['extraExtensions']>[number];

/** One more extension. */
export function extension(
  name: string,
  places: readonly Place[],
  touches: string,
  expect: Twist['expect'],
  extra: Extra,
): Twist {
  return options(name, places, [touches], expect, (given) => {
    given.extraExtensions = [...(given.extraExtensions ?? []), extra];
  });
}

/** A change to the value of an extension, which the certificate must have. */
export function value(
  name: string,
  places: readonly Place[],
  touches: string,
  expect: Twist['expect'],
  field: string,
  change: (at: Element) => void,
): Twist {
  return tree(name, places, [touches], expect, (certificate) => change(find(certificate, field)));
}

/** The content of an extension's OCTET STRING. */
export function content(at: Element, encoding: Uint8Array): void {
  at.content = encoding;
  delete at.children;
}

export function removeExtension(certificate: CertificateTree, name: string): void {
  const list = find(certificate, 'extensions').children?.[0];
  if (list?.children !== undefined)
    list.children = list.children.filter(({ field }) => field !== `${name}.frame`);
}

/** Writes `critical` where it is not, or leaves it out where it is. */
export function toggleCritical(certificate: CertificateTree, name: string): void {
  const frame = find(certificate, `${name}.frame`);
  const [oid, ...rest] = frame.children ?? [];
  if (oid === undefined) return;
  const isCritical = rest.length > 1;
  frame.children = isCritical
    ? [oid, ...rest.slice(1)]
    : [oid, element(der.boolean(true), `${name}.critical`), ...rest];
}
