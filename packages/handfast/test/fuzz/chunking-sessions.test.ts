/** TLS 1.3 between sides that have met before, cut anywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe, RECORDED_SESSIONS, recordedStream } from '../support/recorded.ts';
import { testChunking } from './chunking.ts';

test('the conversations are what they are called', () => {
  for (const flow of RECORDED_SESSIONS) {
    for (const role of ['client', 'server'] as const) {
      const { events } = observe(flow, role, [recordedStream(flow, role)]);
      const established = events.find((event) => event.startsWith('established'));
      assert.match(established ?? '', flow === 'session' ? / true undefined$/ : / true accepted$/);
    }
  }
});

testChunking(RECORDED_SESSIONS);
