/** Name constraints of an authority (RFC 5280 section 4.2.1.10), from what a command line permits. */
import { Extension } from '@peculiar/x509';
import { addressRange } from './ca/permits.ts';
import { der } from './der.ts';

const NAME_CONSTRAINTS = '2.5.29.30';

/** Context-specific tags of GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** Tags of the two fields of NameConstraints. */
const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;

const SEQUENCE = 0x30;

function subtree(tag: number, value: Uint8Array): Uint8Array {
  return der(SEQUENCE, der(tag, value));
}

/**
 * The extension, critical. Permitted names say nothing about addresses, so those of every family without a permitted range are
 * excluded.
 */
export function nameConstraints(permit: readonly string[]): Extension {
  const ranges = permit.map(addressRange);
  const permitted = permit.map((text, i) => {
    const range = ranges[i];
    if (range !== undefined) return subtree(IP_ADDRESS, range);
    return subtree(DNS_NAME, Buffer.from(text.replace(/^\./, '').toLowerCase(), 'latin1'));
  });
  const excluded = [8, 32].flatMap((length) =>
    ranges.some((range) => range?.length === length) ? [] : [subtree(IP_ADDRESS, new Uint8Array(length))],
  );
  // Without a permitted name every name would be allowed.
  const names = ranges.every((range) => range !== undefined) ? [subtree(DNS_NAME, new Uint8Array(0))] : [];
  const outside = [...names, ...excluded];
  const value = der(
    SEQUENCE,
    der(PERMITTED, ...permitted),
    ...(outside.length === 0 ? [] : [der(EXCLUDED, ...outside)]),
  );
  return new Extension(NAME_CONSTRAINTS, true, value);
}
