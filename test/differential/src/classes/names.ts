/** Sets of twists and mutations that several judges treat alike. */

/** Matches these names, whole. Mutations are followed by the field that they changed. */
export function these(...names: readonly (string | RegExp)[]): RegExp {
  const sources = names.map((name) =>
    typeof name === 'string' ? name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : name.source,
  );
  return new RegExp(`^(?:${sources.join('|')})$`);
}

/** A mutation of any field, or of those that match. */
export function mutation(name: string, field: RegExp = /.+/): RegExp {
  return new RegExp(`${name}: (?:${field.source})`);
}

/** Mutations of which it is not known what they make of an element. */
export const CHANGED = [
  'octet changed',
  'octet added',
  'octet left out',
  'emptied',
  'tag of another type',
  'tag of another class',
] as const;

export function changed(field: RegExp): RegExp {
  return new RegExp(`(?:${CHANGED.join('|')}): (?:${field.source})`);
}

export const KEY_IDENTIFIERS = /(?:subject|authority)KeyIdentifier\.(?:value|inside)/;

/** A reason of handfast's reader, as opposed to a rule. */
export const MALFORMED = /^(?:[a-z]+(?:-[a-z]+)+|truncated|version)$/;
