/** IP addresses as text and as octets (RFC 5952, RFC 4291, RFC 6943 section 3.1.1: strict dotted decimal). */

/** The 4 or 16 octets of an address, or `undefined` when the text is none. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const octets = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    // No leading zeros: some resolvers read them as octal.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    octets[i] = Number(part);
  }
  return octets;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (head === undefined) return undefined;
  const groups = [...head, ...(tail ?? [])];
  let ending: Uint8Array = new Uint8Array(0);
  const last = groups.at(-1);
  if (last?.includes('.') === true && (tail === undefined || tail.length > 0)) {
    const embedded = parseIpv4(last);
    if (embedded === undefined) return undefined;
    ending = embedded;
    groups.pop();
  }
  const missing = 16 - 2 * groups.length - ending.length;
  // "::" stands for at least one group of zeros; without it all groups must be there.
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const octets = new Uint8Array(16);
  for (const [i, group] of groups.entries()) {
    const at = i < head.length ? 2 * i : 2 * i + missing;
    const value = Number.parseInt(group, 16);
    octets[at] = value >> 8;
    octets[at + 1] = value & 0xff;
  }
  octets.set(ending, 16 - ending.length);
  return octets;
}

/** An address as text: dotted decimal, or the form of RFC 5952 section 4. Other lengths are shown as hexadecimal. */
export function formatIpAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups: number[] = [];
  for (let i = 0; i + 1 < octets.length; i += 2) {
    groups.push(((octets[i] as number) << 8) | (octets[i + 1] as number));
  }
  const text = groups.map((group) => group.toString(16)).join(':');
  // The longest run of zero groups, if longer than one, is shortened; the first of several.
  const runs = text.match(/(?:^|(?<=:))0(?::0)+(?=:|$)/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  return text.replace(new RegExp(`(?:^|:)${longest}(?::|$)`), '::');
}
