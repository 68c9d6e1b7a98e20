/** The events of a connection as text, for `--trace`: every record in a line, every message byte by byte. */
import {
  contentTypeName,
  type Direction,
  type Epoch,
  type KeysEvent,
  type MessageEvent,
  type RecordEvent,
  type TraceEvent,
} from 'handfast';
import { dumpMessage } from './dump.ts';
import { hanging, heading, printable } from './layout.ts';
import type { Style } from './style.ts';
import { verdictLines } from './verdict.ts';

/** What protects a record, or what is sent. TLS 1.2 has one key in a direction, for the handshake's end and for data. */
function protectionText(epoch: Epoch, is12: boolean): string {
  if (epoch === 'plaintext') return 'plaintext';
  return is12 ? 'encrypted' : `${epoch} keys`;
}

function recordText(record: RecordEvent, is12: boolean): string {
  const { epoch, sequence, outerType, innerType, bytes, padding } = record;
  const content =
    outerType === innerType
      ? contentTypeName(outerType)
      : `${contentTypeName(outerType)} around ${contentTypeName(innerType)}`;
  const padded = padding === 0 ? '' : `, ${padding} bytes of padding`;
  return `record ${sequence} (${protectionText(epoch, is12)}), ${bytes.length} bytes: ${content}${padded}`;
}

function keysText({ direction, epoch, generation, cipherSuite }: KeysEvent, is12: boolean): string {
  const who = direction === 'sent' ? 'what we send' : 'what we receive';
  if (is12) return `ChangeCipherSpec: from here on ${who} is encrypted (${cipherSuite})`;
  const updated = generation === 0 ? '' : `, update ${generation}`;
  return `from here on ${who} is protected by ${epoch} keys (${cipherSuite})${updated}`;
}

/** Tells one connection, event by event, in their order: what some of them mean hangs on the version. */
export class TraceText {
  readonly #style: Style;
  #is12 = false;

  constructor(style: Style) {
    this.#style = style;
  }

  /** One event as lines; none for events that say nothing to a reader. */
  lines(event: TraceEvent): string[] {
    const { paint, glyphs, width } = this.#style;
    switch (event.type) {
      case 'record':
        return hanging(
          `${this.#arrow(event.direction)} `,
          paint('quiet', recordText(event, this.#is12)),
          width,
        );
      case 'message':
        return this.#message(event);
      case 'choice':
        if (event.what === 'version') this.#is12 = event.chosen === 'TLSv1.2';
        return this.#good(
          `${event.what}: ${paint('title', printable(event.chosen))} (${printable(event.reason)})`,
        );
      case 'secret':
        return [`${glyphs.dot} secret ${event.label} derived`];
      case 'keys':
        return hanging(`${glyphs.dot} `, keysText(event, this.#is12), width);
      case 'verdict':
        return [
          '',
          paint('title', `the ${event.peer}'s certificate`),
          ...verdictLines(this.#style, event.verdict),
        ];
      case 'proof':
        return this.#good(`${event.what}: ${printable(event.detail)}`);
      case 'alert':
        return [
          `${this.#arrow(event.direction)} ${paint('accent', `alert: ${event.level} ${event.description}`)}`,
        ];
      case 'data':
        return [paint('quiet', `${this.#arrow(event.direction)} ${event.length} bytes of application data`)];
      case 'established':
        return ['', heading(this.#style, 'handshake complete'), ''];
      case 'error':
        return hanging(`${paint('bad', glyphs.bad)} `, printable(event.error.message), width);
    }
  }

  #arrow(direction: Direction): string {
    const { right, left } = this.#style.glyphs;
    return direction === 'sent' ? `${right} sent` : `${left} received`;
  }

  #good(text: string): string[] {
    const { paint, glyphs, width } = this.#style;
    return hanging(`${paint('good', glyphs.good)} `, text, width);
  }

  #message({ direction, name, phase, bytes, fields }: MessageEvent): string[] {
    const title = `${this.#arrow(direction)} ${name} (${phase}), ${bytes.length} bytes`;
    return ['', heading(this.#style, title), ...dumpMessage(this.#style, bytes, fields), ''];
  }
}

/** An event as plain data for JSON: bytes as hexadecimal, errors as code and message, and no secret bytes. */
export function traceData(event: TraceEvent): unknown {
  switch (event.type) {
    case 'secret':
      return { type: event.type, label: event.label };
    case 'error':
      return { type: event.type, code: event.error.code, message: event.error.message };
    case 'record':
    case 'message':
      return { ...event, bytes: Buffer.from(event.bytes).toString('hex') };
    default:
      return event;
  }
}
