/** The chains of a run, by fast-check: a shape, and twists of it or one mutation. The same seed gives the same chains. */
import fc from 'fast-check';
import { basePlan, type Shape } from './base.ts';
import { COMMON_KEYS } from './keys.ts';
import { aim, MUTATIONS } from './mutations.ts';
import { type CertificatePlan, type Chain, type ChainPlan, makeChain, type Place } from './plan.ts';
import { EVERYTHING, type Fact, type Twist } from './twist.ts';
import { TWISTS } from './twists/index.ts';

/** A chain to be judged, and what is known about it. */
export interface Specimen {
  readonly chain: Chain;
  readonly facts: readonly Fact[];
}

/** What is drawn by lot for one chain. */
interface Draw {
  readonly shape: Shape;
  readonly twists: readonly { readonly twist: number; readonly place: number; readonly choice: number }[];
  readonly mutation: { readonly kind: number; readonly place: number; readonly choice: number };
  /** Out of ten: nothing at 0, a mutation up to 4, else twists. */
  readonly what: number;
}

const number = fc.nat({ max: 1_000_000 });
const numbers = fc.array(number, { minLength: 4, maxLength: 4 });

const SHAPE: fc.Arbitrary<Shape> = fc.record({
  intermediates: fc.constantFrom(0, 1, 1, 1, 2),
  keys: numbers,
  hashes: numbers,
  pss: fc.boolean(),
  names: number,
  serials: numbers,
  details: number,
});

const TWIST = fc.record({ twist: number, place: number, choice: number });

const DRAW: fc.Arbitrary<Draw> = fc.record({
  shape: SHAPE,
  // Two at a time now and then: does one hide the other?
  twists: fc.oneof(
    { weight: 3, arbitrary: fc.array(TWIST, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(TWIST, { minLength: 2, maxLength: 2 }) },
  ),
  mutation: fc.record({ kind: number, place: number, choice: number }),
  what: fc.nat({ max: 9 }),
});

/** Keys that not all judges know. */
const UNCOMMON = new Set(['ed448', 'rsaPss']);

export interface Request {
  readonly seed: number;
  readonly count: number;
  /** Only what has this in its name. */
  readonly only: string | undefined;
}

/** Makes the chains one after the other. */
export function* specimens({ seed, count, only }: Request): Generator<Specimen> {
  const twists = TWISTS.filter(({ name }) => only === undefined || name.includes(only));
  const mutations = MUTATIONS.filter(({ name }) => only === undefined || name.includes(only));
  if (twists.length + mutations.length === 0)
    throw new Error(`nothing has ${JSON.stringify(only)} in its name`);
  let turn = 0;
  for (const draw of fc.sample(DRAW, { seed, numRuns: count })) {
    if (mutations.length > 0 && (twists.length === 0 || (draw.what > 0 && draw.what <= 4))) {
      yield mutated(draw, mutations);
    } else if (draw.what === 0 && only === undefined) yield twisted(draw, []);
    else {
      // Each comes once in a while; which comes beside it is a matter of chance.
      const first = twists[turn++ % twists.length];
      const others = draw.twists.slice(1).map(({ twist }) => TWISTS[twist % TWISTS.length]);
      yield twisted(
        draw,
        [first, ...others].filter((twist) => twist !== undefined),
      );
    }
  }
}

/** Needs an intermediate, where the twist is about one. */
function withRoomFor(shape: Shape, places: readonly Place[]): Shape {
  return places.includes('intermediate')
    ? { ...shape, intermediates: Math.max(1, shape.intermediates) }
    : shape;
}

function shapeFacts({ certificates }: ChainPlan, shape: Shape): Fact[] {
  return certificates.flatMap(({ place }, index) => {
    const kind = COMMON_KEYS[(shape.keys[index] ?? 0) % COMMON_KEYS.length] ?? '';
    return UNCOMMON.has(kind) ? [{ what: `key: ${kind}`, place, expect: 'accepted' }] : [];
  });
}

function certificateAt({ certificates }: ChainPlan, place: Place, choice: number): CertificatePlan {
  const there = certificates.filter((certificate) => certificate.place === place);
  const found = there[choice % there.length];
  if (found === undefined) throw new Error(`the chain has no ${place}`);
  return found;
}

function twisted({ shape, twists: draws }: Draw, twists: readonly Twist[]): Specimen {
  const touched = new Set<string>();
  const chosen = twists.filter(({ touches }) => {
    if (touches.some((what) => touched.has(what)) || touched.has(EVERYTHING)) return false;
    if (touched.size > 0 && touches.includes(EVERYTHING)) return false;
    for (const what of touches) touched.add(what);
    return true;
  });
  const places = chosen.map(({ places: all }, i) => all[(draws[i]?.place ?? 0) % all.length] ?? 'leaf');
  const enough = withRoomFor(
    shape,
    chosen.flatMap((twist) => twist.places),
  );
  const plan = basePlan(enough);
  const facts: Fact[] = shapeFacts(plan, enough);
  for (const [i, twist] of chosen.entries()) {
    const place = places[i] ?? 'leaf';
    const choice = draws[i]?.choice ?? 0;
    const expect = typeof twist.expect === 'function' ? twist.expect(place) : twist.expect;
    twist.apply(plan, certificateAt(plan, place, choice), choice);
    facts.push({ what: twist.name, place, expect });
  }
  return { chain: makeChain(plan), facts };
}

function mutated(
  { shape, mutation: { kind, place: spot, choice } }: Draw,
  mutations: typeof MUTATIONS,
): Specimen {
  const plan = basePlan(shape);
  const facts = shapeFacts(plan, shape);
  const mutation = mutations[kind % mutations.length];
  const at = plan.certificates[spot % plan.certificates.length];
  if (mutation === undefined || at === undefined) throw new Error('there is nothing to mutate');
  // What is outside of the signature is changed after it was made.
  at.before.push((tree) => {
    const aimed = aim(mutation, tree, choice);
    if (aimed === undefined) return;
    const { field, isSigned, apply } = aimed;
    facts.push({
      what: `${mutation.name}: ${field}`,
      place: at.place,
      ...(mutation.breaksDer && { expect: [] }),
    });
    if (isSigned) apply();
    else at.after.push(apply);
  });
  return { chain: makeChain(plan), facts };
}
