/** The full handshakes of RFC 8448: each side's records are read, and written again to the same bytes. */
import assert from 'node:assert/strict';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import { Hkdf } from '../../src/keys/hkdf.ts';
import { trafficKeys } from '../../src/keys/traffic.ts';
import { KEY_LIMITS, type RecordProtection } from '../../src/record/protection.ts';
import { Protection13 } from '../../src/record/protection13.ts';
import { type Incoming, RecordReader } from '../../src/record/reader.ts';
import type { RecordInfo } from '../../src/record/types.ts';
import { RecordWriter } from '../../src/record/writer.ts';
import { concat, fromHex } from '../../src/wire/bytes.ts';
import { ContentType, HandshakeType } from '../../src/wire/registry.ts';
import { readTraces, type Side, TRACES_FILE, type Trace, type TraceName } from '../support/rfc8448.ts';
import { RFC8448_VALUES } from '../support/rfc8448-values.ts';
import { vectorTest } from '../support/vectors.ts';

const AEAD = 'AES-128-GCM';
const TRACES: readonly TraceName[] = [
  'Simple_1RTT_Handshake',
  'HelloRetryRequest_Handshake',
  'Client_Authentication_Handshake',
  'Middlebox_Compatibility_Mode',
];

type Keys = Readonly<Record<'handshake' | 'application', () => RecordProtection>>;

/** The sender's keys, from the traffic secrets that the RFC prints. */
function keysOf(name: TraceName, sender: Side): Keys {
  const hkdf = new Hkdf(provider, 'SHA-256');
  const protection = (label: 'hs' | 'ap') => () => {
    const secret = RFC8448_VALUES[name]?.[`${sender === 'client' ? 'c' : 's'} ${label} traffic`];
    assert(secret !== undefined);
    const { key, iv } = trafficKeys(hkdf, fromHex(secret), AEAD);
    return new Protection13({ aead: provider.aead(AEAD, key), aeadName: AEAD, iv, limits: KEY_LIMITS[AEAD] });
  };
  return { handshake: protection('hs'), application: protection('ap') };
}

interface Heard {
  readonly incoming: readonly Incoming[];
  readonly records: readonly RecordInfo[];
}

/** Reads what one side sent, in chunks of a size. */
function listen(stream: Uint8Array, sender: Side, keys: Keys, chunk: number, lastHello: number): Heard {
  const incoming: Incoming[] = [];
  const records: RecordInfo[] = [];
  const reader = new RecordReader({
    role: sender === 'client' ? 'server' : 'client',
    onRecord: (record) => records.push(record),
  });
  let hellos = 0;
  for (let offset = 0; offset < stream.length; offset += chunk) {
    reader.push(stream.slice(offset, offset + chunk));
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      assert('type' in next);
      incoming.push(next);
      if (next.type !== 'handshake') continue;
      if (reader.epoch === 'plaintext' && ++hellos === lastHello)
        reader.changeKeys('handshake', keys.handshake());
      if (next.message.type === HandshakeType.finished) reader.changeKeys('application', keys.application());
    }
  }
  assert.equal(reader.pendingLength, 0);
  return { incoming, records };
}

/** Writes what was heard, by the rules of a writer of its own. */
function retell({ incoming, records }: Heard, sender: Side, keys: Keys): Uint8Array {
  const writer = new RecordWriter({ role: sender });
  const hasChangeCipherSpec = records.some(({ outerType }) => outerType === ContentType.change_cipher_spec);
  for (const item of incoming) {
    if (item.epoch === 'handshake' && writer.epoch === 'plaintext') {
      if (hasChangeCipherSpec) writer.changeCipherSpec();
      writer.changeKeys('handshake', keys.handshake());
    }
    if (item.type === 'handshake') {
      writer.handshake(item.message.message);
      if (item.epoch !== 'handshake') writer.flush();
      if (item.message.type === HandshakeType.finished) writer.changeKeys('application', keys.application());
    } else if (item.type === 'application_data') writer.applicationData(item.data);
    else {
      assert.equal(item.description, 0);
      writer.alert('close_notify');
    }
  }
  return concat(...writer.takeOutgoing());
}

function check(trace: Trace, sender: Side): void {
  const keys = keysOf(trace.name, sender);
  const stream = concat(
    ...trace.flights.filter((flight) => flight.sender === sender).flatMap(({ records }) => records),
  );
  const lastHello = trace.hellos.filter(
    (hello) => (hello[0] === HandshakeType.client_hello) === (sender === 'client'),
  ).length;
  const heard = listen(stream, sender, keys, stream.length, lastHello);
  for (const chunk of [1, 7, 300]) {
    assert.deepEqual(listen(stream, sender, keys, chunk, lastHello), heard, `chunks of ${chunk}`);
  }
  const messages = heard.incoming.flatMap((item) =>
    item.type === 'handshake' ? [item.message.message] : [],
  );
  if (sender === 'server') {
    assert.deepEqual(
      messages.slice(lastHello, lastHello + trace.serverMessages.length),
      trace.serverMessages,
    );
  }
  const data = heard.incoming.flatMap((item) => (item.type === 'application_data' ? [item.data] : []));
  const recorded = trace.data.get(sender === 'client' ? 'Client_AppData' : 'Server_AppData');
  assert.deepEqual(data, recorded === undefined ? [] : [recorded]);
  assert.equal(heard.incoming.at(-1)?.type, 'alert');
  assert.deepEqual(retell(heard, sender, keys), stream);
}

for (const name of TRACES) {
  for (const sender of ['client', 'server'] as const) {
    vectorTest(`${name}: the ${sender}'s records`, TRACES_FILE, {}, (path) => {
      const trace = readTraces(path).get(name);
      assert(trace !== undefined);
      check(trace, sender);
    });
  }
}
