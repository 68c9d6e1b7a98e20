/** Twists: named ways in which a chain differs from one that everybody accepts. What handfast must say of each is known. */
import type { DerReason, Rule } from 'handfast/x509';
import type { CertificatePlan, ChainPlan, Place } from './plan.ts';
import type { CertificateTree } from './tree.ts';

/**
 * What handfast has to answer: it accepts the chain; or only as long as RFC 5280's profile is not asked for; or it refuses it
 * under one of these rules, or as malformed for one of these reasons.
 */
export type Expectation = 'accepted' | 'profile' | readonly (Rule | DerReason)[];

export interface Twist {
  /** Such as `serialNumber: negative`. */
  readonly name: string;
  readonly places: readonly Place[];
  /** What it changes: two twists of one chain never change the same. {@link EVERYTHING} stands beside no other. */
  readonly touches: readonly string[];
  readonly expect: Expectation | ((place: Place) => Expectation);
  /** @param choice a number for variants that make no difference. */
  apply(chain: ChainPlan, at: CertificatePlan, choice: number): void;
}

/** Marks a twist that leaves nothing of what others did in the path. */
export const EVERYTHING = 'everything';

/** Something that was done to a chain. */
export interface Fact {
  /** The name of a twist, or of a mutation and the field that it changed. */
  readonly what: string;
  readonly place: Place;
  /** Absent where it is not known beforehand. */
  readonly expect?: Expectation;
}

export const LEAF: readonly Place[] = ['leaf'];
export const INTERMEDIATE: readonly Place[] = ['intermediate'];
export const AUTHORITIES: readonly Place[] = ['intermediate', 'root'];
export const ISSUED: readonly Place[] = ['leaf', 'intermediate'];
export const ANY: readonly Place[] = ['leaf', 'intermediate', 'root'];

/** A twist that changes a certificate's options. */
export function options(
  name: string,
  places: readonly Place[],
  touches: readonly string[],
  expect: Twist['expect'],
  change: (options: CertificatePlan['options'], choice: number) => void,
): Twist {
  return { name, places, touches, expect, apply: (_, at, choice) => change(at.options, choice) };
}

/** A twist that changes what is signed. */
export function tree(
  name: string,
  places: readonly Place[],
  touches: readonly string[],
  expect: Twist['expect'],
  change: (tree: CertificateTree, choice: number) => void,
): Twist {
  return {
    name,
    places,
    touches,
    expect,
    apply: (_, at, choice) => at.before.push((certificate) => change(certificate, choice)),
  };
}
