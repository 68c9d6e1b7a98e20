/** GeneralName: the choice of name kinds in subjectAltName and elsewhere (RFC 5280 section 4.2.1.6). */
import { DerError, type DerReader, describeTag } from './der.ts';
import { formatIpAddress } from './ip-address.ts';
import { type DistinguishedName, escapeText, readName } from './name.ts';
import { describeOid } from './oids.ts';
import { decodeAscii } from './strings.ts';

/** A name of one of the nine kinds. */
export type GeneralName =
  | { readonly kind: 'otherName'; readonly type: string; readonly value: Uint8Array }
  | { readonly kind: 'rfc822Name'; readonly value: string }
  | { readonly kind: 'dNSName'; readonly value: string }
  | { readonly kind: 'x400Address'; readonly value: Uint8Array }
  | { readonly kind: 'directoryName'; readonly name: DistinguishedName }
  | { readonly kind: 'ediPartyName'; readonly value: Uint8Array }
  | { readonly kind: 'uniformResourceIdentifier'; readonly value: string }
  /** 4 or 16 octets; inside name constraints 8 or 32, address and mask. */
  | { readonly kind: 'iPAddress'; readonly octets: Uint8Array }
  | { readonly kind: 'registeredID'; readonly oid: string };

/** Where a GeneralName stands: an iPAddress is an address in a certificate's names, a range in name constraints. */
export type GeneralNameUse = 'name' | 'constraint';

/** Reads one GeneralName out of `reader`. */
export function readGeneralName(reader: DerReader, what: string, use: GeneralNameUse = 'name'): GeneralName {
  const tag = reader.peek();
  switch (tag) {
    case 0xa0: {
      const other = reader.readAny(what);
      const type = other.oid(what);
      const wrapped = other.read(0xa0, what);
      other.finish(what);
      const value = wrapped.readAny(what);
      wrapped.finish(what);
      return { kind: 'otherName', type, value: value.encoding() };
    }
    case 0x81:
      return { kind: 'rfc822Name', value: decodeAscii(reader.readAny(what), what) };
    case 0x82:
      return { kind: 'dNSName', value: decodeAscii(reader.readAny(what), what) };
    case 0xa3:
      return { kind: 'x400Address', value: reader.readAny(what).encoding() };
    case 0xa4: {
      // Name is a CHOICE, so its tag is explicit even here (X.680 section 31.2.7).
      const wrapped = reader.readAny(what);
      const name = readName(wrapped, what);
      wrapped.finish(what);
      return { kind: 'directoryName', name };
    }
    case 0xa5:
      return { kind: 'ediPartyName', value: reader.readAny(what).encoding() };
    case 0x86:
      return { kind: 'uniformResourceIdentifier', value: decodeAscii(reader.readAny(what), what) };
    case 0x87:
      return { kind: 'iPAddress', octets: readAddress(reader, what, use) };
    case 0x88:
      return { kind: 'registeredID', oid: reader.oid(what, 0x88) };
    default: {
      const found = tag < 0 ? 'nothing' : describeTag(tag);
      throw new DerError(
        'general-name',
        reader.position,
        `${what}: expected a name of kind [0] to [8], found ${found}`,
      );
    }
  }
}

/** Reads names until the end of `reader`; there must be at least one (GeneralNames is SIZE (1..MAX)). */
export function readGeneralNames(reader: DerReader, what: string): GeneralName[] {
  if (reader.done) throw new DerError('empty-list', reader.start, `${what}: expected at least one name`);
  const names: GeneralName[] = [];
  while (!reader.done) names.push(readGeneralName(reader, what));
  return names;
}

function readAddress(reader: DerReader, what: string, use: GeneralNameUse): Uint8Array {
  const element = reader.readAny(what);
  const octets = element.rest();
  const lengths = use === 'name' ? [4, 16] : [8, 32];
  if (!lengths.includes(octets.length)) {
    throw new DerError(
      'general-name',
      element.start,
      `${what}: an iPAddress has ${lengths.join(' or ')} octets here, found ${octets.length}`,
    );
  }
  if (use === 'constraint' && !isAddressRange(octets)) {
    throw new DerError(
      'general-name',
      element.start,
      `${what}: the mask ${formatIpAddress(octets.subarray(octets.length / 2))} is not a row of ones followed by zeros`,
    );
  }
  return octets;
}

/** Whether octets are an address and a mask, of IPv4 or IPv6. */
export function isAddressRange(octets: Uint8Array): boolean {
  return (octets.length === 8 || octets.length === 32) && isPrefix(octets.subarray(octets.length / 2));
}

/** A mask is a CIDR prefix: ones, then zeros (RFC 5280 section 4.2.1.10, RFC 4632 section 3.1). */
function isPrefix(mask: Uint8Array): boolean {
  let ended = false;
  for (const octet of mask) {
    const inverted = ~octet & 0xff;
    if ((ended && octet !== 0) || (inverted & (inverted + 1)) !== 0) return false;
    ended ||= octet !== 0xff;
  }
  return true;
}

/** A name for a message, such as `DNS:example.com`. */
export function describeGeneralName(name: GeneralName): string {
  switch (name.kind) {
    case 'dNSName':
      return `DNS:${escapeText(name.value)}`;
    case 'rfc822Name':
      return `email:${escapeText(name.value)}`;
    case 'uniformResourceIdentifier':
      return `URI:${escapeText(name.value)}`;
    case 'iPAddress':
      return `IP:${describeAddress(name.octets)}`;
    case 'directoryName':
      return `DirName:${name.name}`;
    case 'registeredID':
      return `RegisteredID:${name.oid}`;
    case 'otherName':
      return `otherName:${describeOid(name.type)}`;
    default:
      return name.kind;
  }
}

function describeAddress(octets: Uint8Array): string {
  if (octets.length === 4 || octets.length === 16) return formatIpAddress(octets);
  const half = octets.length / 2;
  const prefix = octets
    .subarray(half)
    .reduce((bits, octet) => bits + octet.toString(2).replace(/0/g, '').length, 0);
  return `${formatIpAddress(octets.subarray(0, half))}/${prefix}`;
}
