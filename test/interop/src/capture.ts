/** What went over the wire, as a capture file: pcap with made-up IPv4 and TCP headers around the true bytes. */
import type { Way } from './relay.ts';

const LINKTYPE_RAW = 101;
const IP_HEADER = 20;
const TCP_HEADER = 20;
/** Payload bytes per packet; with its headers a packet must stay below 64 KiB. */
const MAX_PAYLOAD = 32_768;
const TCP = 6;
const PSH_ACK = 0x18;
const ADDRESS = [127, 0, 0, 1] as const;

/** The server's port in the capture. */
export const SERVER_PORT = 4433;
const CLIENT_PORT = 50_000;

/** A capture of one connection, in the order in which {@link Capture.add} was called. */
export class Capture {
  readonly #packets: Buffer[] = [];
  /** The next sequence number of each direction. */
  readonly #next: Record<Way, number> = { 'to server': 1, 'to client': 1 };

  add(bytes: Uint8Array, way: Way): void {
    for (let at = 0; at < bytes.length; at += MAX_PAYLOAD) {
      this.#packets.push(this.#packet(bytes.subarray(at, at + MAX_PAYLOAD), way));
    }
  }

  /** The whole file. */
  file(): Buffer {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(0x10000, 16);
    header.writeUInt32LE(LINKTYPE_RAW, 20);
    const records = this.#packets.flatMap((packet, i) => {
      const record = Buffer.alloc(16);
      record.writeUInt32LE(i, 0);
      record.writeUInt32LE(packet.length, 8);
      record.writeUInt32LE(packet.length, 12);
      return [record, packet];
    });
    return Buffer.concat([header, ...records]);
  }

  /** Checksums stay zero: readers do not check them unless told to. */
  #packet(payload: Uint8Array, way: Way): Buffer {
    const toServer = way === 'to server';
    const packet = Buffer.alloc(IP_HEADER + TCP_HEADER + payload.length);
    packet.set([0x45, 0], 0);
    packet.writeUInt16BE(packet.length, 2);
    packet.set([64, TCP], 8);
    packet.set(ADDRESS, 12);
    packet.set(ADDRESS, 16);
    packet.writeUInt16BE(toServer ? CLIENT_PORT : SERVER_PORT, IP_HEADER);
    packet.writeUInt16BE(toServer ? SERVER_PORT : CLIENT_PORT, IP_HEADER + 2);
    packet.writeUInt32BE(this.#next[way], IP_HEADER + 4);
    packet.writeUInt32BE(this.#next[toServer ? 'to client' : 'to server'], IP_HEADER + 8);
    packet.set([(TCP_HEADER / 4) << 4, PSH_ACK, 0xff, 0xff], IP_HEADER + 12);
    packet.set(payload, IP_HEADER + TCP_HEADER);
    this.#next[way] += payload.length;
    return packet;
  }
}
