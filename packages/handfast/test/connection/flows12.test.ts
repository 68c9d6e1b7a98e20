/** Every way through a TLS 1.2 handshake leads to the same facts on both sides, with and without client certificates. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Customization } from '../../src/handshake/messages.ts';
import { cipherSuiteName } from '../../src/wire/registry.ts';
import { customized, FLOWS_12, mutual } from '../support/flows12.ts';
import { connectedPair, text } from '../support/pair.ts';

for (const [name, plain] of Object.entries(FLOWS_12)) {
  for (const [how, flow] of Object.entries({
    [name]: plain,
    [`${name}, client certificate`]: mutual(plain),
  })) {
    test(`${how}: both sides agree, and data flows both ways`, () => {
      let isEncryptThenMac: boolean | undefined;
      const ServerHello12: Customization['ServerHello12'] = (hello) => {
        isEncryptThenMac = hello.extensions.encryptThenMac;
        return hello;
      };
      const pair = connectedPair(customized(flow, 'server', { ServerHello12 }));
      assert.equal(isEncryptThenMac ?? false, name.includes('encrypt-then-MAC'));
      const [client, server] = [pair.establishedOn('client'), pair.establishedOn('server')];
      assert.equal(client.version, 'TLSv1.2');
      assert.equal(server.version, 'TLSv1.2');
      assert.equal(cipherSuiteName(client.cipherSuite), cipherSuiteName(server.cipherSuite));
      assert.equal(client.keyExchange, name.split(',')[0]);
      assert.equal(server.keyExchange, client.keyExchange);
      assert.equal(client.group, server.group);
      assert.ok(client.extendedMasterSecret && server.extendedMasterSecret);
      assert.ok(client.peer !== undefined);
      assert.equal(server.peer !== undefined, how !== name);
      pair.client.send(text('question'));
      pair.server.send(text('answer'));
      pair.client.close();
      pair.server.close();
      pair.run();
      assert.equal(pair.textOf('server'), 'question');
      assert.equal(pair.textOf('client'), 'answer');
      assert.ok(pair.client.hasEnded && pair.server.hasEnded);
    });
  }
}
