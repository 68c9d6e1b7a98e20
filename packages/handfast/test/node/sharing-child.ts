/** A thread or process that joins its parent, and tells the name of the key that it got. */
import { parentPort } from 'node:worker_threads';
import { SharedSessions } from '../../src/node/index.ts';

const sessions = new SharedSessions(parentPort ?? process);
await sessions.ready(10_000);
const key = sessions.keys.current(Date.now());
const answer = { found: Buffer.from(key?.name ?? []).toString('hex') };
if (parentPort !== null) parentPort.postMessage(answer);
else process.send?.(answer);
sessions.close();
