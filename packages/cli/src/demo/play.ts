/** Plays the demonstration: the connection that must work, those that must not, and what an eavesdropper makes of it. */
import type { KeyObject } from 'node:crypto';
import { converse, type Outcome, type Setup } from './conversation.ts';
import { decryptRecording } from './eavesdropper.ts';
import { failuresOf, judgeRefusal, tellExchange } from './judgement.ts';
import type { Afterwards, DemoReport, Refusal } from './report.ts';
import { ANSWER, makeCast, refusalScenes, tellCast, workingSetup } from './scenes.ts';
import { tellHandshake } from './story.ts';
import type { Variant } from './variant.ts';

/** What the recording gives away to the holder of the server's private key, and whether it is what was sent. */
function lookBack({ seen, received }: Outcome, key: KeyObject): { told: Afterwards; failures: string[] } {
  const { plaintext, ...found } = decryptRecording(seen, key);
  const isRead = plaintext.client.equals(received.server) && plaintext.server.equals(received.client);
  return {
    told: {
      ...found,
      plaintext: { client: plaintext.client.toString('latin1'), server: plaintext.server.toString('latin1') },
    },
    failures: isRead ? [] : ['what was decrypted from the recording is not what was sent'],
  };
}

/** Plays all scenes and tells what happened. */
export async function playDemo(variant: Variant): Promise<DemoReport> {
  const cast = await makeCast(variant);
  const base = workingSetup(variant, cast);
  const outcome = await converse(base);
  const exchanges = [tellExchange(outcome, 'client'), tellExchange(outcome, 'server')];
  const afterwards =
    variant.isKeyTransport && outcome.keyExchange === 'RSA' ? lookBack(outcome, cast.server.key) : undefined;
  const refusals: Refusal[] = [];
  for (const { change, ...expected } of refusalScenes(variant)) {
    const setup: Setup = { ...base, ...(await change(cast)) };
    refusals.push(judgeRefusal(expected, await converse(setup)));
  }
  const failures = [
    ...failuresOf(outcome, exchanges, ANSWER),
    ...(afterwards?.failures ?? []),
    ...refusals.flatMap(({ asExpected, name, expectedCode, code }) =>
      asExpected ? [] : [`${name}: expected ${expectedCode} and its alert, found ${code ?? 'no error'}`],
    ),
  ];
  return {
    ok: failures.length === 0,
    version: variant.version,
    keyExchange: outcome.keyExchange ?? null,
    cast: tellCast(cast),
    handshake: tellHandshake(outcome.traces),
    exchanges,
    ...(afterwards === undefined ? {} : { afterwards: afterwards.told }),
    refusals,
    failures,
  };
}
