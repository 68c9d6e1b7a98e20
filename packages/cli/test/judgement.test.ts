import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TlsError } from 'handfast';
import type { Outcome } from '../src/demo/conversation.ts';
import { type Expectation, failuresOf, judgeRefusal, tellExchange } from '../src/demo/judgement.ts';
import type { Tampering } from '../src/demo/relay.ts';

const NOTHING = Buffer.alloc(0);

function outcome(parts: Partial<Outcome>): Outcome {
  return {
    traces: { client: [], server: [] },
    errors: {},
    keyExchange: undefined,
    received: { client: NOTHING, server: NOTHING },
    status: undefined,
    body: undefined,
    seen: [],
    tamperings: [],
    ...parts,
  };
}

const heard = (alertReceived: 'bad_record_mac' | 'unknown_ca'): TlsError =>
  new TlsError('ERR_ALERT_RECEIVED', 'an alert', { alertReceived });

const tampering: Tampering = {
  from: 'server',
  contentType: 23,
  recordLength: 100,
  offset: 40,
  before: 1,
  after: 0,
};

describe('the demonstration notices', () => {
  const expected: Expectation = {
    name: 'changed response',
    situation: '',
    refusedBy: 'client',
    code: 'ERR_BAD_RECORD_MAC',
    tampered: true,
  };
  const client = new TlsError('ERR_BAD_RECORD_MAC', 'does not decrypt');
  const right = outcome({ errors: { client, server: heard('bad_record_mac') }, tamperings: [tampering] });
  const asExpected = (parts: Partial<Outcome>): boolean =>
    judgeRefusal(expected, { ...right, ...parts }).asExpected;

  test('a refusal as it must be', () => {
    assert.equal(asExpected({}), true);
  });

  test('a connection that was not refused, or for another reason', () => {
    assert.equal(asExpected({ errors: {} }), false);
    assert.equal(judgeRefusal(expected, outcome({})).code, null);
    const other = new TlsError('ERR_UNKNOWN_CA', 'unknown');
    assert.equal(asExpected({ errors: { client: other, server: heard('unknown_ca') } }), false);
    assert.equal(
      asExpected({ errors: { client: new Error('bug'), server: heard('bad_record_mac') } }),
      false,
    );
  });

  test('an alert that did not arrive, or is another one', () => {
    assert.equal(asExpected({ errors: { client } }), false);
    assert.equal(asExpected({ errors: { client, server: new Error('reset') } }), false);
    assert.equal(asExpected({ errors: { client, server: heard('unknown_ca') } }), false);
  });

  test('a byte that was not changed, or where none should be', () => {
    assert.equal(asExpected({ tamperings: [] }), false);
    assert.equal(asExpected({ tamperings: [{ ...tampering, after: tampering.before }] }), false);
    const { tampered: _, ...untouched } = expected;
    assert.equal(judgeRefusal(untouched, right).asExpected, false);
  });

  test('a response that was delivered all the same', () => {
    assert.equal(asExpected({ received: { client: Buffer.from('HTTP'), server: NOTHING } }), false);
  });

  test('a plaintext that passed the observer, and a failed exchange', () => {
    const plaintext = Buffer.from('GET / HTTP/1.1');
    const record = (content: Buffer): Buffer =>
      Buffer.concat([Buffer.from([23, 3, 3, 0, content.length]), content]);
    const passing = (bytes: Buffer): Outcome =>
      outcome({
        received: { client: NOTHING, server: plaintext },
        seen: [{ from: 'client', bytes }],
        status: 200,
        body: 'answer',
        traces: {
          client: [],
          server: [
            {
              type: 'record',
              direction: 'received',
              epoch: 'application',
              sequence: 0,
              outerType: 23,
              innerType: 23,
              contentLength: plaintext.length,
              padding: 0,
              bytes,
            },
          ],
        },
      });
    const hidden = passing(record(Buffer.alloc(31, 0xaa)));
    const told = tellExchange(hidden, 'client');
    assert.equal(told.plaintextSeen, false);
    assert.equal(told.recordsHex.length, 1);
    assert.deepEqual(failuresOf(hidden, [told], 'answer'), []);
    const open = passing(record(plaintext));
    assert.match(failuresOf(open, [tellExchange(open, 'client')], 'answer').join(), /could read/);
    const unseen = { ...hidden, seen: [] };
    assert.match(failuresOf(unseen, [tellExchange(unseen, 'client')], 'answer').join(), /saw no record/);
    assert.match(failuresOf(hidden, [told], 'another answer').join(), /response/);
    assert.match(failuresOf({ ...hidden, errors: { client } }, [told], 'answer').join(), /does not decrypt/);
  });
});
