/** How long a handshake may take when nobody says otherwise: at the limit, and one millisecond before. */
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { connect, createServer } from '../../src/node/index.ts';
import { DEFAULT_HANDSHAKE_TIMEOUT, LINGER_TIMEOUT } from '../../src/node/limits.ts';
import type { TlsError } from '../../src/wire/errors.ts';
import { ContentType } from '../../src/wire/registry.ts';
import { CLIENT, SERVER } from './support.ts';

const LIMIT = { timeout: 10_000 };

/** A transport whose other end says nothing, and the types of the records that it was sent. */
function silent(t: TestContext): { readonly transport: Duplex; readonly sent: number[] } {
  const sent: number[] = [];
  const transport = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, done) => {
      sent.push(chunk[0] as number);
      done();
    },
  });
  t.after(() => transport.destroy());
  return { transport, sent };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits out the limit: nothing happens a millisecond before it, and then the alert and the error come. */
async function waitsOut(t: TestContext, sent: readonly number[], errors: readonly TlsError[]): Promise<void> {
  t.mock.timers.tick(DEFAULT_HANDSHAKE_TIMEOUT - 1);
  await turn();
  assert.ok(!sent.includes(ContentType.alert));
  t.mock.timers.tick(1);
  await turn();
  assert.ok(sent.includes(ContentType.alert), 'nobody was told');
  t.mock.timers.tick(LINGER_TIMEOUT);
  for (let i = 0; i < 100 && errors.length === 0; i++) await turn();
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['ERR_HANDSHAKE_TIMEOUT'],
  );
}

test('a client waits for a silent server as long as DEFAULT_HANDSHAKE_TIMEOUT', LIMIT, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { transport, sent } = silent(t);
  const errors: TlsError[] = [];
  const socket = connect({ ...CLIENT, socket: transport });
  t.after(() => socket.destroy());
  socket.on('error', (error: TlsError) => errors.push(error));
  await turn();
  await waitsOut(t, sent, errors);
});

test('a server waits for a silent client as long as DEFAULT_HANDSHAKE_TIMEOUT', LIMIT, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { transport, sent } = silent(t);
  const errors: TlsError[] = [];
  const server = createServer(SERVER);
  server.on('tlsClientError', (error: TlsError) => errors.push(error));
  server.emit('connection', transport);
  await turn();
  await waitsOut(t, sent, errors);
});
