/** What peers do, as values: one word for each kind of deed. */
import type { SigningKey } from '../../src/crypto/provider.ts';
import type { Customization, MessageName, Messages } from '../../src/handshake/messages.ts';
import { concat } from '../../src/wire/bytes.ts';
import { HANDSHAKE_HEADER_LENGTH } from '../../src/wire/messages/index.ts';
import { ContentType } from '../../src/wire/registry.ts';
import { shortMessage } from '../support/cheats.ts';
import type { Deed, Outgoing, Peer } from './peer.ts';

type Change<T> = (value: T) => T;

/** Changes one message in its fields; the peer goes on as if it had always meant it. */
export function changed<N extends MessageName>(name: N, change: Change<Messages[N]>): Deed {
  return { customize: { [name]: change } as Customization };
}

/** Changes one message in its extensions. */
export function extensions<N extends MessageName>(
  name: N,
  change: Messages[N] extends { readonly extensions: infer E } ? Change<E> : never,
): Deed {
  const apply = change as (value: unknown) => unknown;
  return changed(name, (message) => {
    const { extensions: before } = message as { extensions: unknown };
    return { ...message, extensions: apply(before) };
  });
}

/** Adds an extension, as bytes. */
export function withRawExtension(name: MessageName, type: number, ...data: readonly number[]): Deed {
  return changed(name, (message) => {
    const { extensions: before } = message as { extensions: object };
    const unknown = [{ type, data: Uint8Array.from(data) }];
    return { ...message, extensions: { ...before, unknown } } as typeof message;
  });
}

/** Does something with what is sent under this name. */
export function onSending(
  name: string,
  act: (item: Outgoing, peer: Peer) => readonly (Outgoing | Uint8Array)[],
): Deed {
  return { sending: (item, peer) => (item.name === name ? act(item, peer) : [item]) };
}

export const dropped = (name: string): Deed => onSending(name, () => []);
export const twice = (name: string): Deed => onSending(name, (item) => [item, item]);

/** The message comes after the next one. */
export function late(name: string): Deed {
  let held: Outgoing | undefined;
  return {
    sending: (item) => {
      if (item.name === name) {
        held = item;
        return [];
      }
      const late = held;
      held = undefined;
      return late === undefined ? [item] : [item, late];
    },
  };
}

/** Other messages in place of one, before it, or behind it; each in a record of its own. */
export const instead = (name: string, ...messages: readonly Uint8Array[]): Deed =>
  onSending(name, (item) => messages.map((content) => ({ ...item, content })));
export const before = (name: string, ...messages: readonly Uint8Array[]): Deed =>
  onSending(name, (item) => [...messages.map((content) => ({ ...item, content })), item]);
export const behind = (name: string, ...messages: readonly Uint8Array[]): Deed =>
  onSending(name, (item) => [item, ...messages.map((content) => ({ ...item, content }))]);

/** More in the same record. */
export const withMoreInRecord = (name: string, more: Uint8Array): Deed =>
  onSending(name, (item) => [{ ...item, content: concat(item.content, more) }]);

/** A message with another body, whose header says so. */
export const body = (name: string, change: Change<Uint8Array>): Deed =>
  onSending(name, (item) => {
    const found = item.content;
    return [
      { ...item, content: message(found[0] as number, change(found.subarray(HANDSHAKE_HEADER_LENGTH))) },
    ];
  });

/** A message of this type. */
export function message(type: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  return concat(Uint8Array.of(type, length >> 16, (length >> 8) & 255, length & 255), content);
}

/** The body lacks its last bytes, or has some more. */
export const shortened = (name: string, by = 1): Deed => body(name, (bytes) => bytes.slice(0, -by));
export const lengthened = (name: string, by = 1): Deed =>
  body(name, (bytes) => concat(bytes, new Uint8Array(by)));
export const emptied = (name: string): Deed => body(name, () => new Uint8Array());
/** One byte of the body is another. */
export const byteSet = (name: string, at: number, value: number): Deed =>
  body(name, (bytes) => bytes.with(at < 0 ? bytes.length + at : at, value));

/** A message cut into records after so many bytes, with something between. */
export const cut = (name: string, at: number, ...between: readonly Partial<Outgoing>[]): Deed =>
  onSending(name, (item) => [
    { ...item, content: item.content.slice(0, at) },
    ...between.map((more) => ({ ...item, ...more })),
    { ...item, content: item.content.slice(at) },
  ]);

/** The record of a message, changed once it is protected. */
export const record = (name: string, alter: Change<Uint8Array>): Deed =>
  onSending(name, (item) => [{ ...item, alter }]);
export const inPlaintext = (name: string): Deed => onSending(name, (item) => [{ ...item, key: undefined }]);
export const padded = (name: string, padding: number): Deed =>
  onSending(name, (item) => [{ ...item, padding }]);

/** Other records before or behind that of a message. */
export const recordsBefore = (name: string, ...others: readonly Partial<Outgoing>[]): Deed =>
  onSending(name, (item) => [...others.map((more) => ({ ...item, ...more })), item]);
export const recordsBehind = (name: string, ...others: readonly Partial<Outgoing>[]): Deed =>
  onSending(name, (item) => [item, ...others.map((more) => ({ ...item, ...more }))]);
export const recordInstead = (name: string, ...others: readonly Partial<Outgoing>[]): Deed =>
  onSending(name, (item) => others.map((more) => ({ ...item, ...more })));

/** Something when the peer's handshake is complete. */
export const afterwards = (act: (peer: Peer) => void): Deed => ({ afterwards: act });
/** A handshake message when the handshake is complete. */
export const messageAfterwards = (...messages: readonly Uint8Array[]): Deed =>
  afterwards((peer) => {
    for (const content of messages) peer.send(ContentType.handshake, content);
  });
/** Records of this type, and with this content. */
export const recordAfterwards = (type: number, content: Uint8Array, more: Partial<Outgoing> = {}): Deed =>
  afterwards((peer) => peer.send(type, content, more));

type Sign = SigningKey['sign'];
/** Signs otherwise. */
export const signing = (change: (right: Sign) => Sign): Deed => ({ signing: change });

/** Several deeds that belong together. */
export function both(first: Deed, second: Deed): Deed {
  const sending = [first.sending, second.sending].filter((one) => one !== undefined);
  return {
    ...first,
    ...second,
    customize: { ...first.customize, ...second.customize },
    ...(sending.length === 0
      ? {}
      : {
          sending: (item, peer) =>
            sending.reduce<readonly (Outgoing | Uint8Array)[]>(
              (items, act) => items.flatMap((one) => (one instanceof Uint8Array ? [one] : act(one, peer))),
              [item],
            ),
        }),
  };
}

/** Bytes that are changed in one bit. */
export const flipped =
  (at: number): Change<Uint8Array> =>
  (bytes) => {
    const index = at < 0 ? bytes.length + at : at;
    return bytes.with(index, (bytes[index] as number) ^ 1);
  };

/** A field of a message left out of its extensions. */
export const without =
  <K extends string>(...names: readonly K[]) =>
  <E extends object>(block: E): E => {
    const left = { ...block } as Record<string, unknown>;
    for (const name of names) delete left[name];
    return left as E;
  };

export { shortMessage };
