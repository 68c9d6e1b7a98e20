/** The events of a connection as text, for `--trace`: every record in a line, every message byte by byte. */
import { contentTypeName, type RecordEvent, type TraceEvent } from 'handfast';
import { dumpMessage } from './dump.ts';
import { hanging, heading, printable } from './layout.ts';
import type { Style } from './style.ts';
import { verdictLines } from './verdict.ts';

function arrow(style: Style, direction: 'sent' | 'received'): string {
  return direction === 'sent' ? `${style.glyphs.right} sent` : `${style.glyphs.left} received`;
}

function recordText({ epoch, sequence, outerType, innerType, bytes, padding }: RecordEvent): string {
  const protection = epoch === 'plaintext' ? 'plaintext' : `${epoch} keys`;
  const content =
    outerType === innerType
      ? contentTypeName(outerType)
      : `${contentTypeName(outerType)} around ${contentTypeName(innerType)}`;
  const padded = padding === 0 ? '' : `, ${padding} bytes of padding`;
  return `record ${sequence} (${protection}), ${bytes.length} bytes: ${content}${padded}`;
}

/** One event as lines; none for events that say nothing to a reader. */
export function traceLines(style: Style, event: TraceEvent): string[] {
  const { paint, glyphs, width } = style;
  switch (event.type) {
    case 'record':
      return hanging(`${arrow(style, event.direction)} `, paint('quiet', recordText(event)), width);
    case 'message':
      return [
        '',
        heading(
          style,
          `${arrow(style, event.direction)} ${event.name} (${event.phase}), ${event.bytes.length} bytes`,
        ),
        ...dumpMessage(style, event.bytes, event.fields),
        '',
      ];
    case 'choice':
      return hanging(
        `${paint('good', glyphs.good)} `,
        `${event.what}: ${paint('title', printable(event.chosen))} (${printable(event.reason)})`,
        width,
      );
    case 'secret':
      return [`${glyphs.dot} secret ${event.label} derived`];
    case 'keys': {
      const who = event.direction === 'sent' ? 'what we send' : 'what we receive';
      const updated = event.generation === 0 ? '' : `, update ${event.generation}`;
      return hanging(
        `${glyphs.dot} `,
        `from here on ${who} is protected by ${event.epoch} keys (${event.cipherSuite})${updated}`,
        width,
      );
    }
    case 'verdict':
      return ['', paint('title', `the ${event.peer}'s certificate`), ...verdictLines(style, event.verdict)];
    case 'proof':
      return hanging(`${paint('good', glyphs.good)} `, `${event.what}: ${printable(event.detail)}`, width);
    case 'alert':
      return [
        `${arrow(style, event.direction)} ${paint('accent', `alert: ${event.level} ${event.description}`)}`,
      ];
    case 'data':
      return [paint('quiet', `${arrow(style, event.direction)} ${event.length} bytes of application data`)];
    case 'established':
      return ['', heading(style, 'handshake complete'), ''];
    case 'error':
      return hanging(`${paint('bad', glyphs.bad)} `, printable(event.error.message), width);
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
