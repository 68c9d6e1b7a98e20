/** Certification requests that are none. */
import { parseCertificationRequest } from '../../../src/x509/certification-request.ts';
import type { DerReason } from '../../../src/x509/der.ts';
import * as der from '../../support/der.ts';
import { attribute, EXTENSION_REQUEST, names, replace, request } from '../requests.ts';
import type { Refusal } from './refusal.ts';

const extensions = attribute(EXTENSION_REQUEST, names);

const CASES: readonly (readonly [what: string, bytes: Uint8Array, reason: DerReason])[] = [
  ['nothing', new Uint8Array(0), 'truncated'],
  ['bytes behind it', Buffer.concat([request(), Buffer.of(0)]), 'trailing-data'],
  ['version 2', request(replace(0, der.integer(1))), 'version'],
  ['no attributes field', request(replace(3)), 'truncated'],
  ['a field too many', request((fields) => [...fields, der.nullValue()]), 'trailing-data'],
  ['an attribute twice', request(replace(3, der.context(0, extensions, extensions))), 'extension-value'],
  [
    'two lists of extensions',
    request(replace(3, der.context(0, attribute(EXTENSION_REQUEST, names, names)))),
    'trailing-data',
  ],
  [
    'a list without extensions',
    request(replace(3, der.context(0, attribute(EXTENSION_REQUEST, der.sequence())))),
    'empty-list',
  ],
  ['no list of extensions', request(replace(3, der.context(0, attribute(EXTENSION_REQUEST)))), 'truncated'],
];

export const REQUESTS: readonly Refusal[] = CASES.map(([what, bytes, reason]) => ({
  what,
  reason,
  code: 'ERR_BAD_CERTIFICATE',
  length: bytes.length,
  parse: () => parseCertificationRequest(bytes),
}));
