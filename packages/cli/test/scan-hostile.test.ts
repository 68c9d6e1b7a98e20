/** Servers that are none, or that mean harm: a scan always ends, within its limits, and says what was there. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { CipherSuite, TlsError } from 'handfast/wire';
import { FlightReader } from '../src/scan/flight.ts';
import { helloRecord } from '../src/scan/hello.ts';
import { MAX_ANSWER_BYTES, MAX_UNANSWERED } from '../src/scan/limits.ts';
import { probe } from '../src/scan/probe.ts';
import { plainServer } from './support/peers.ts';
import { accepted, alert, flight, ids, pickSuite, puppet, scanned } from './support/scanned.ts';

const LIMIT = { timeout: 30_000 };
const HELLO = helloRecord({ version: 'TLSv1.2', suites: [0xc02f] }, 'localhost');

describe('one probe', () => {
  const ask = (port: number, timeout = 5_000, host = '127.0.0.1') =>
    probe({ host, port, timeout }, HELLO, new FlightReader(), alert('close_notify', 1));

  test('of a server that says nothing ends with its time', LIMIT, async (t) => {
    const port = await plainServer(t, (socket) => socket.resume());
    assert.deepEqual((await ask(port, 500)).answer, { kind: 'silent' });
  });

  test('of a server that closes, or breaks the connection', LIMIT, async (t) => {
    const closing = await plainServer(t, (socket) => socket.end());
    assert.deepEqual((await ask(closing)).answer, { kind: 'closed' });
    const breaking = await plainServer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
    assert.deepEqual((await ask(breaking)).answer, { kind: 'closed' });
  });

  test('of nobody, or of a name that does not exist', LIMIT, async () => {
    assert.equal((await ask(1)).answer.kind, 'unreachable');
    assert.equal((await ask(1, 5_000, 'no.such.name.invalid')).answer.kind, 'unreachable');
  });

  test('of a server that never stops takes no more than its limit', LIMIT, async (t) => {
    let sent = 0;
    const port = await plainServer(t, (socket) => {
      // A handshake message that never ends: small records, each of them good.
      const record = Buffer.concat([Buffer.from('160303040002010000', 'hex'), Buffer.alloc(1020)]);
      const more = (): void => {
        while (!socket.destroyed && socket.write(record)) sent += record.length;
      };
      socket.on('drain', more);
      more();
    });
    const { answer } = await ask(port);
    assert.ok(answer.kind === 'garbled' || answer.kind === 'endless', answer.kind);
    // What both systems keep in their buffers besides is theirs.
    assert.ok(sent < 64 * MAX_ANSWER_BYTES, `${sent}`);
  });

  test('of a server that warns without end', LIMIT, async (t) => {
    const warnings = Buffer.concat(Array.from({ length: 4_096 }, () => alert('unrecognized_name', 1)));
    const port = await plainServer(t, (socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(warnings));
      };
      socket.on('drain', more);
      more();
    });
    assert.deepEqual((await ask(port)).answer, { kind: 'endless' });
  });

  test('says goodbye, and sees the end where the server answers it', LIMIT, async (t) => {
    const heard: Buffer[] = [];
    const closed = new Promise<void>((resolve) => {
      void puppet(t, (_hello, socket) => {
        socket.on('data', (bytes) => heard.push(bytes));
        socket.on('end', () => resolve());
        return flight({ version: 'TLSv1.2', suite: 0xc02f });
      }).then(({ port }) => ask(port));
    });
    await closed;
    assert.ok(Buffer.concat(heard).includes(alert('close_notify', 1)));
  });
});

describe('a scan', () => {
  test('of something else is refused after one question', LIMIT, async (t) => {
    const others: readonly (readonly [string, RegExp])[] = [
      ['HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n', /answered with HTTP, not TLS/],
      ['SSH-2.0-OpenSSH_9.2p1\r\n', /greeted with SSH/],
      ['220 mail.example ESMTP\r\n', /greeted as a mail or file server/],
      ['\x00\x01\x02\x03\x04\x05', /does not speak TLS on this port/],
    ];
    for (const [greeting, message] of others) {
      let connections = 0;
      const port = await plainServer(t, (socket: Socket) => {
        connections++;
        socket.end(greeting);
      });
      await assert.rejects(scanned(port), (error: unknown) => {
        assert.ok(error instanceof TlsError);
        assert.equal(error.code, 'ERR_NOT_TLS');
        assert.match(error.message, message);
        return true;
      });
      assert.equal(connections, 1, greeting);
    }
  });

  test('of a web server that hangs up on a ClientHello finds plain HTTP', LIMIT, async (t) => {
    const port = await plainServer(t, (socket) => {
      socket.on('data', (bytes) => {
        socket.end(bytes.subarray(0, 4).toString() === 'HEAD' ? 'HTTP/1.0 200 OK\r\n\r\n' : '');
      });
    });
    await assert.rejects(scanned(port), /the server speaks plain HTTP on this port/);
  });

  test('of a server that closes at once, or refuses all, finds no version', LIMIT, async (t) => {
    const closing = await plainServer(t, (socket) => socket.end());
    const facts = await scanned(closing);
    assert.deepEqual(accepted(facts), []);
    assert.deepEqual(ids(facts), ['no-version']);
    const refusing = await puppet(t, () => alert('access_denied'));
    const refused = await scanned(refusing.port);
    assert.ok(refused.versions.slice(0, -1).every(({ refusal }) => refusal === 'alert access_denied'));
    assert.ok(refusing.connections() < 12);
  });

  test('of a server that is silent leaves it in peace', LIMIT, async (t) => {
    let connections = 0;
    const port = await plainServer(t, (socket) => {
      connections++;
      socket.resume();
    });
    const facts = await scanned(port, { timeout: 300 });
    assert.deepEqual(accepted(facts), []);
    assert.ok(connections <= MAX_UNANSWERED + 3, `${connections}`);
  });

  test('of a server that misses a question asks it once more', LIMIT, async (t) => {
    let missed = 0;
    const known = [0x009c, 0x002f];
    const { port } = await puppet(t, (hello) => {
      if (hello.extensions.supportedVersions !== undefined) return alert('protocol_version');
      const suite = pickSuite(hello, known);
      // Silent on the first hello of TLS 1.2, and on all of TLS 1.0.
      if (hello.legacyVersion === 0x0303 && missed++ === 0) return undefined;
      if (hello.legacyVersion === 0x0301) return undefined;
      return hello.legacyVersion !== 0x0303 || suite === undefined
        ? alert('handshake_failure')
        : flight({ version: 'TLSv1.2', suite });
    });
    const facts = await scanned(port, { timeout: 400 });
    assert.deepEqual(accepted(facts), ['TLSv1.2']);
    assert.deepEqual(facts.versions.map(({ refusal }) => refusal).slice(0, 4), [
      'alert protocol_version',
      undefined,
      'alert handshake_failure',
      'silent',
    ]);
    assert.equal(facts.connections.unanswered, 1);
    assert.ok(ids(facts).includes('unanswered'));
  });

  test('makes no more connections than it may', LIMIT, async (t) => {
    const known = [0x002f, 0x0035, 0x000a, 0x0005, 0x0004, 0x003c, 0x009c];
    const { port, connections } = await puppet(t, (hello) => {
      const suite = pickSuite(hello, known);
      return hello.legacyVersion === 0x0303 && suite !== undefined
        ? flight({ version: 'TLSv1.2', suite })
        : alert('handshake_failure');
    });
    for (const maxConnections of [1, 2, 7, 15]) {
      const before = connections();
      const facts = await scanned(port, { maxConnections });
      assert.equal(connections() - before, maxConnections);
      assert.equal(facts.connections.used, maxConnections);
      assert.equal(facts.connections.stopped, 'connections');
      assert.ok(ids(facts).includes('incomplete'));
    }
  });

  test('keeps to its time, its pace and its parallelism', LIMIT, async (t) => {
    let open = 0;
    let most = 0;
    const { port } = await puppet(t, (_hello, socket) => {
      most = Math.max(most, ++open);
      socket.on('close', () => open--);
      return alert('handshake_failure');
    });
    await scanned(port, { parallel: 1 });
    assert.equal(most, 1);
    const facts = await scanned(port, { maxTime: 600, delay: 400 });
    assert.equal(facts.connections.stopped, 'time');
    // At 0 and at 400 milliseconds, and never again.
    assert.ok(facts.connections.used <= 2, `${facts.connections.used}`);
  });

  test('that is shut out midway says that its answers may be wrong', LIMIT, async (t) => {
    let questions = 0;
    const { port } = await puppet(t, (hello) => {
      const suite = ++questions > 12 ? undefined : pickSuite(hello, [0x002f, 0x0035]);
      return hello.legacyVersion === 0x0303 && suite !== undefined
        ? flight({ version: 'TLSv1.2', suite })
        : alert('handshake_failure');
    });
    const facts = await scanned(port);
    assert.equal(facts.connections.stopped, 'changed');
  });

  test('of a server that always chooses the same, whatever is offered, ends', LIMIT, async (t) => {
    const suite = CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA;
    const { port, connections } = await puppet(t, () => flight({ version: 'TLSv1.2', suite }));
    const facts = await scanned(port);
    assert.deepEqual(accepted(facts), ['TLSv1.2']);
    assert.ok(connections() < 40, `${connections()}`);
    assert.equal(facts.versions[0]?.refusal, 'answers with TLSv1.2');
  });

  test('of a server that answers old hellos with something else goes on', LIMIT, async (t) => {
    const { port } = await puppet(t, (hello) => {
      if (hello.legacyVersion < 0x0303) return Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
      const suite = pickSuite(hello, [0x009c]);
      return suite === undefined ? alert('protocol_version') : flight({ version: 'TLSv1.2', suite });
    });
    const facts = await scanned(port);
    assert.deepEqual(accepted(facts), ['TLSv1.2']);
    assert.match(facts.versions[2]?.refusal ?? '', /breaks the rules: the peer answered with HTTP/);
  });

  test('of a server that breaks the rules says which, and goes on', LIMIT, async (t) => {
    const { port } = await puppet(t, (hello) => {
      if (hello.legacyVersion === 0x0303) return Buffer.from('160303000402ffffff', 'hex');
      const suite = pickSuite(hello, [0x002f]);
      return suite === undefined ? alert('handshake_failure') : flight({ version: 'TLSv1.0', suite });
    });
    const facts = await scanned(port);
    assert.deepEqual(accepted(facts), ['TLSv1.0']);
    assert.match(facts.versions[0]?.refusal ?? '', /breaks the rules: expected a ServerHello of at most/);
  });
});
