/**
 * The man in the middle of the demonstration: a TCP relay between client and server that sees every record, and
 * can change one byte of one of them.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';

export type Side = 'client' | 'server';

/** A record as it passed. */
export interface SeenRecord {
  readonly from: Side;
  readonly bytes: Uint8Array;
}

/** What was done to a record on its way. */
export interface Tampering {
  readonly from: Side;
  /** The record's content type, as everybody can read it. */
  readonly contentType: number;
  readonly recordLength: number;
  /** Which byte of the record, counted from 0. */
  readonly offset: number;
  readonly before: number;
  readonly after: number;
}

/** One byte to change, in a record from `from`. */
export interface TamperPlan {
  readonly from: Side;
  /** How many of its records pass first. Default: none. */
  readonly skip?: number;
  /** Which byte of the record, counted from 0; or finds it. */
  readonly offset: number | ((record: Buffer) => number);
}

/** Content type, version, length (RFC 9846 section 5.1). */
const RECORD_HEADER_LENGTH = 5;

/** Cuts a byte stream into records and hands each to `pass`, which answers what to send on. */
function byRecord(pass: (record: Buffer) => Buffer): Transform {
  let waiting = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= RECORD_HEADER_LENGTH) {
        const length = RECORD_HEADER_LENGTH + waiting.readUInt16BE(3);
        if (waiting.length < length) break;
        this.push(pass(waiting.subarray(0, length)));
        waiting = waiting.subarray(length);
      }
      done();
    },
    flush(done) {
      this.push(waiting);
      done();
    },
  });
}

export class Relay {
  /** Every record that passed, as its sender sent it. */
  readonly seen: SeenRecord[] = [];
  /** What was changed so far. */
  readonly tamperings: Tampering[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #plan: TamperPlan | undefined;

  private constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
      }
      // A broken connection on one side breaks the other; which side broke it is the endpoints' story.
      const broken = (error: Error | null | undefined): void => {
        if (!error) return;
        client.destroy();
        server.destroy();
      };
      pipeline(
        client,
        byRecord((record) => this.#pass('client', record)),
        server,
        broken,
      );
      pipeline(
        server,
        byRecord((record) => this.#pass('server', record)),
        client,
        broken,
      );
    });
  }

  /** A relay to 127.0.0.1:`targetPort`, listening on a port that the system chooses. */
  static async start(targetPort: number): Promise<Relay> {
    const relay = new Relay(targetPort);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen(0, '127.0.0.1', resolve);
    });
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Changes one byte of a record to come. */
  tamper(plan: TamperPlan): void {
    this.#plan = plan;
  }

  #pass(from: Side, record: Buffer): Buffer {
    this.seen.push({ from, bytes: Uint8Array.from(record) });
    const plan = this.#plan;
    if (plan?.from !== from) return record;
    const { skip = 0 } = plan;
    if (skip > 0) {
      this.#plan = { ...plan, skip: skip - 1 };
      return record;
    }
    const changed = Buffer.from(record);
    const offset = typeof plan.offset === 'number' ? plan.offset : plan.offset(record);
    const before = record.readUInt8(offset);
    const after = before ^ 0x01;
    changed.writeUInt8(after, offset);
    this.tamperings.push({
      from,
      contentType: record.readUInt8(0),
      recordLength: record.length,
      offset,
      before,
      after,
    });
    this.#plan = undefined;
    return changed;
  }

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
