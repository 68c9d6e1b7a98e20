/**
 * Which addresses a fetcher connects to. Whoever sends a certificate chooses the URLs in it, so that without this check
 * anybody could have us talk to our own neighbours (server-side request forgery).
 */
import { BlockList } from 'node:net';
import { formatIpAddress, parseIpAddress } from '../../x509/ip-address.ts';

/** What is not the public Internet, by the registry of special-purpose addresses (RFC 6890), and multicast. */
const NOT_PUBLIC_4 = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carriers' address translation
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, where clouds keep their metadata
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // IETF protocols
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // relays of 6to4
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
] as const;

/** Inside 2000::/3, which is all that is given out (RFC 4291 section 2.4). */
const NOT_PUBLIC_6 = [
  ['2001::', 23], // IETF protocols, Teredo among them
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4, which carries any IPv4 address
  ['3fff::', 20], // documentation
] as const;

const notPublic = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_4) notPublic.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of NOT_PUBLIC_6) notPublic.addSubnet(network, prefix, 'ipv6');

const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** Prefixes of 96 bits in front of an IPv4 address: mapped (RFC 4291 section 2.5.5.2), translated (RFC 6052 section 2.1). */
const AROUND_IPV4: readonly string[] = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/** Whether an address, as text, is one of the public Internet. */
export function isPublicAddress(address: string): boolean {
  const octets = parseIpAddress(address.replace(/%.*$/, ''));
  if (octets === undefined) return false;
  if (octets.length === 4) return !notPublic.check(formatIpAddress(octets), 'ipv4');
  const inner = embeddedIpv4(octets);
  if (inner !== undefined) return isPublicAddress(inner);
  const text = formatIpAddress(octets);
  return globalUnicast.check(text, 'ipv6') && !notPublic.check(text, 'ipv6');
}

function embeddedIpv4(octets: Uint8Array): string | undefined {
  const groups = Array.from({ length: 6 }, (_, i) =>
    (((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0)).toString(16),
  );
  return AROUND_IPV4.includes(groups.join(':')) ? formatIpAddress(octets.subarray(12)) : undefined;
}
