/** All twists. */
import type { Twist } from '../twist.ts';
import { CONSTRAINTS } from './constraints.ts';
import { EXTENSIONS } from './extensions.ts';
import { FIELDS } from './fields.ts';
import { NAMES } from './names.ts';
import { SIGNATURES } from './signatures.ts';
import { STRUCTURE } from './structure.ts';
import { USAGES } from './usages.ts';

export const TWISTS: readonly Twist[] = [
  ...FIELDS,
  ...NAMES,
  ...EXTENSIONS,
  ...USAGES,
  ...CONSTRAINTS,
  ...SIGNATURES,
  ...STRUCTURE,
];
