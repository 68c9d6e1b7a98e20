import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { nodeProvider as provider } from '../../src/crypto/node/index.ts';
import { Transcript } from '../../src/keys/transcript.ts';
import { ascii, concat, toHex } from '../../src/wire/bytes.ts';

const [one, two, three] = [ascii('one'), ascii('two'), ascii('three')];

function sha256(...parts: readonly Uint8Array[]): string {
  return createHash('sha256')
    .update(concat(...parts))
    .digest('hex');
}

describe('transcript hash', () => {
  test('is the same whenever the hash function is chosen', () => {
    for (const choice of [0, 1, 2, 3]) {
      const transcript = new Transcript(provider);
      for (const [i, message] of [one, two, three].entries()) {
        if (i === choice) transcript.chooseHash('SHA-256');
        transcript.add(message);
      }
      if (choice === 3) transcript.chooseHash('SHA-256');
      assert.equal(toHex(transcript.current()), sha256(one, two, three));
    }
  });

  test('can be read at any point, more than once, and go on', () => {
    const transcript = new Transcript(provider);
    transcript.chooseHash('SHA-256');
    assert.equal(toHex(transcript.current()), sha256());
    transcript.add(one);
    const first = transcript.current();
    assert.equal(toHex(transcript.current()), sha256(one));
    transcript.add(two);
    assert.equal(toHex(transcript.current()), sha256(one, two));
    assert.equal(toHex(first), sha256(one), 'an earlier answer stays as it was');
  });

  test('with a partial message, before and after the choice, and under several hash functions before it', () => {
    const transcript = new Transcript(provider);
    transcript.add(one);
    assert.equal(toHex(transcript.hashWith('SHA-256', two)), sha256(one, two));
    const sha384 = createHash('sha384').update('onetwo').digest('hex');
    assert.equal(toHex(transcript.hashWith('SHA-384', two)), sha384);
    transcript.chooseHash('SHA-256');
    assert.equal(toHex(transcript.hashWith('SHA-256', two)), sha256(one, two));
    assert.equal(toHex(transcript.current()), sha256(one), 'the partial message was not added');
    assert.throws(() => transcript.hashWith('SHA-384', two), RangeError);
  });

  test('keeps to one hash function', () => {
    const transcript = new Transcript(provider);
    assert.equal(transcript.hash, undefined);
    assert.throws(() => transcript.current(), RangeError);
    assert.throws(() => transcript.replaceWithMessageHash(), RangeError);
    transcript.chooseHash('SHA-384');
    transcript.chooseHash('SHA-384');
    assert.equal(transcript.hash, 'SHA-384');
    assert.throws(() => transcript.chooseHash('SHA-256'), RangeError);
  });

  test('after a HelloRetryRequest ClientHello1 is replaced by the message that holds its hash', () => {
    const transcript = new Transcript(provider);
    transcript.add(one);
    transcript.chooseHash('SHA-384');
    const hash = transcript.current();
    transcript.replaceWithMessageHash();
    transcript.add(two);
    const synthetic = concat(Uint8Array.of(254, 0, 0, 48), hash);
    const expected = createHash('sha384').update(concat(synthetic, two)).digest('hex');
    assert.equal(toHex(transcript.current()), expected);
    const stateless = Transcript.afterHelloRetryRequest(provider, 'SHA-384', hash);
    stateless.add(two);
    assert.equal(toHex(stateless.current()), expected);
  });

  test('keeps the messages themselves only where it is told to, from the first one on', () => {
    const transcript = new Transcript(provider);
    transcript.add(one);
    assert.throws(() => transcript.messages(), RangeError);
    transcript.keepMessages();
    transcript.add(two);
    transcript.chooseHash('SHA-256');
    transcript.keepMessages();
    transcript.add(three);
    assert.equal(toHex(transcript.messages()), toHex(concat(one, two, three)));
    assert.equal(toHex(transcript.current()), sha256(one, two, three));
    transcript.forgetMessages();
    assert.throws(() => transcript.messages(), RangeError);
    assert.throws(() => transcript.keepMessages(), RangeError, 'they are gone');
    transcript.add(one);
    assert.equal(toHex(transcript.current()), sha256(one, two, three, one));
  });

  test('keeps no messages behind a HelloRetryRequest, where TLS 1.3 is settled', () => {
    const transcript = new Transcript(provider);
    transcript.keepMessages();
    transcript.add(one);
    transcript.chooseHash('SHA-256');
    transcript.replaceWithMessageHash();
    assert.throws(() => transcript.messages(), RangeError);
  });
});
