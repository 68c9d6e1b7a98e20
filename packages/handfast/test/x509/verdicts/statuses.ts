/** About revocation and transparency: what is known of a certificate, and what must be known. */
import assert from 'node:assert/strict';
import { nodeProvider } from '../../../src/crypto/node/index.ts';
import { verify } from '../../../src/x509/path.ts';
import type { RevocationOptions } from '../../../src/x509/revocation/revocations.ts';
import type { Verdict } from '../../../src/x509/verdict.ts';
import * as der from '../../support/der.ts';
import { type Issued, type IssueOptions, issue, MUST_STAPLE, testPki } from '../../support/pki.ts';
import {
  type ListOptions,
  makeList,
  makeOcspResponse,
  type OcspOptions,
  ocspFailure,
  Reason,
  type SingleSpec,
} from '../../support/revocation.ts';
import {
  embedded,
  inOcsp,
  issueLogged,
  makeLog,
  makeTimestamp,
  timestampList,
  x509Entry,
} from '../../support/transparency.ts';
import { parse } from '../support.ts';
import { authority, type Cases, intermediate, leaf, of, root, server, withStatus } from './case.ts';

const HOUR = 3_600_000;
const hours = (count: number): Date => new Date(Date.now() + count * HOUR);
const list = (options: ListOptions = {}, issuer: Issued = intermediate) => makeList(issuer, options);
const withList = (options: ListOptions, more: RevocationOptions = {}) =>
  withStatus({ lists: [list(options)], ...more });

const response = (single: Partial<SingleSpec> = {}, options: OcspOptions = {}): Uint8Array =>
  makeOcspResponse([{ certificate: server, issuer: intermediate, ...single }], options);
const withOcsp = (single: Partial<SingleSpec>, options: OcspOptions = {}, more: RevocationOptions = {}) =>
  withStatus({ ocsp: [response(single, options)], ...more });
const NO_CHECK = { oid: '1.3.6.1.5.5.7.48.1.5', value: der.nullValue() };
/** Answered by a responder that was made in this way. */
const byDelegate = (
  more: Partial<IssueOptions> = {},
  options: OcspOptions = {},
  demands: RevocationOptions = {},
) => {
  const responder = issue({
    subject: 'Responder',
    issuer: intermediate,
    extKeyUsage: ['OCSPSigning'],
    extraExtensions: [NO_CHECK],
    ...more,
  });
  return withOcsp({}, { responder, certificates: [responder.der], ...options }, demands);
};
const stapled = (bytes: Uint8Array) => withStatus({ stapled: bytes, require: 'never' });

export const STATUSES: Cases = {
  'revoked, by a list': () => withList({ revoked: [{ certificate: server, reason: Reason.keyCompromise }] }),
  'revoked without a reason': () => withList({ revoked: [{ certificate: server }] }),
  'the intermediate is revoked': () =>
    withStatus({ lists: [list({ revoked: [{ certificate: intermediate }] }, root)] }),
  'revoked, by a delta': () =>
    withStatus({
      lists: [list({ number: 1 }), list({ base: 1, number: 2, revoked: [{ certificate: server }] })],
    }),
  'good, by a delta': () =>
    withStatus({
      lists: [
        list({ number: 1, revoked: [{ certificate: server, reason: Reason.certificateHold }] }),
        list({ base: 1, number: 2, revoked: [{ certificate: server, reason: Reason.removeFromCRL }] }),
      ],
    }),
  'revoked, by OCSP': () => withOcsp({ status: { reason: Reason.superseded } }),
  'good, by OCSP': () => withOcsp({}),
  'nothing is known': () => withStatus({}),
  'nothing is known of the intermediate': () => withStatus({ lists: [list()], require: 'chain' }),
  'nothing is known, and need not be': () =>
    withStatus({ lists: [list({ nextUpdate: null })], require: 'never' }),
  'only lists of others': () => withStatus({ lists: [list({}, root)] }),
  'a list for some reasons only': () => withList({ scope: { reasons: [1] } }),
  'a list from the future': () => withList({ thisUpdate: hours(2), nextUpdate: hours(3) }),
  'a list without an end': () => withList({ nextUpdate: null }),
  'a list that ends before it begins': () => withList({ thisUpdate: hours(-1), nextUpdate: hours(-2) }),
  'an old list': () => withList({ thisUpdate: hours(-3), nextUpdate: hours(-2) }),
  'an old list, with a delta that another signed': () =>
    withStatus({
      lists: [
        list({ number: 1, thisUpdate: hours(-3), nextUpdate: hours(-2) }),
        list({ base: 1, number: 2, signWith: root.key }),
      ],
    }),
  'a list that another signed': () => withList({ signWith: root.key }),
  'a list over SHA-1': () => withList({ signatureHash: 'sha1' }),
  'a list of an indirect issuer': () => indirectly(),
  'a list of an issuer who may not sign lists': () => {
    const a = authority('A', { keyUsage: ['keyCertSign'] });
    return withStatus({ lists: [list({}, a)] }, [leaf({ issuer: a }), a]);
  },
  'a list of an issuer without a valid path': () => besides(),
  'no answer': () => withStatus({ stapled: ocspFailure(3), require: 'never' }),
  'an unknown certificate': () => withOcsp({ status: 'unknown' }),
  'a nonce is missing': () => withOcsp({}, {}, { nonce: Uint8Array.of(1) }),
  'another nonce': () => withOcsp({}, { nonce: Uint8Array.of(2) }, { nonce: Uint8Array.of(1) }),
  'an old response': () => withOcsp({ thisUpdate: hours(-3), nextUpdate: hours(-2) }),
  'a response over SHA-1': () => withOcsp({}, { signatureHash: 'sha1' }),
  'a response of a stranger': () => withOcsp({}, { responder: issue({ subject: 'Stranger' }) }),
  'a response in the name of the issuer': () => withOcsp({}, { signWith: root.key }),
  'a certificate that speaks for itself': () =>
    withOcsp({}, { responder: server, certificates: [server.der] }),
  'a responder without the purpose': () => byDelegate({ extKeyUsage: ['serverAuth'] }),
  'a responder whose key may not sign': () => byDelegate({ keyUsage: ['keyAgreement'] }),
  'a responder that has expired': () => byDelegate({ notAfter: hours(-1) }),
  'a responder of another issuer': () => byDelegate({ issuer: root }),
  'a response in the name of a responder': () => byDelegate({}, { signWith: root.key }),
  'a responder whose own status is not known': () =>
    byDelegate({ extraExtensions: [] }, {}, { require: 'chain' }),
  'a staple about another': () => stapled(response({ certificate: intermediate, issuer: root })),
  'a staple that is no response': () => stapled(Uint8Array.of(0x30, 0)),
  'a staple that is missing': () =>
    of([leaf({ extraExtensions: [MUST_STAPLE] }), intermediate], { revocation: { mustStaple: true } }),
};

function indirectly() {
  const other = issue({ subject: 'Issuer of lists', keyUsage: ['cRLSign'] });
  const point = {
    oid: '2.5.29.31',
    value: der.sequence(der.sequence(der.context(2, der.context(4, other.subject)))),
  };
  return withStatus({ lists: [makeList(other, { scope: { indirect: true } })] }, [
    leaf({ extraExtensions: [point] }),
    intermediate,
  ]);
}

/** The issuer's name and another key, which no path leads to. */
function besides() {
  const impostor = issue({
    subject: 'Test intermediate p256',
    ca: true,
    keyUsage: ['keyCertSign', 'cRLSign'],
  });
  return withStatus({ lists: [makeList(impostor)] }, [server, intermediate, impostor]);
}

const argon = makeLog('Argon');
const asking = (more: object = {}) => ({ transparency: { logs: [argon], require: 1, ...more } });
const logged = (options: Parameters<typeof makeTimestamp>[2] = {}, log = argon) =>
  issueLogged({ subject: 'localhost', dnsNames: ['localhost'], issuer: intermediate }, (entry) => [
    makeTimestamp(log, entry, options),
  ]).certificate;
const ofLogged = (certificate: Issued, more: object = {}, question: object = {}) =>
  of([certificate, intermediate], { ...asking(more), ...question });
const stranger = makeLog('Stranger');
const retired = (at: number) => ({ logs: [{ ...argon, retiredAt: Date.now() + at }] });
const beside = (more: object = {}) =>
  ofLogged(server, { timestamps: [makeTimestamp(argon, x509Entry(server))], ...more });

/** The anchor is a name and a key whose restriction its own SubjectPublicKeyInfo would have said. */
function underRestrictedKey(): Verdict {
  const { root: anchor } = testPki('rsa-pss');
  const { subject: name, publicKeyInfo } = parse(anchor);
  const { key } = publicKeyInfo;
  assert.ok(key?.kind === 'rsa-pss');
  const restriction = { hash: 'SHA-256', mgfHash: 'SHA-256', minSaltLength: 32 } as const;
  const { certificate } = issueLogged(
    { subject: 'localhost', dnsNames: ['localhost'], issuer: anchor },
    (entry) => [makeTimestamp(argon, entry)],
  );
  return verify({
    provider: nodeProvider,
    leaf: parse(certificate),
    intermediates: [],
    anchors: [{ name, key: { ...key, restriction } }],
    at: Date.now(),
    purpose: 'server',
    name: 'localhost',
    ...asking(),
  }) as Verdict;
}

export const TRANSPARENCY: Cases = {
  'one log vouches': () => ofLogged(logged()),
  'one log vouches beside the certificate': () => beside(),
  'no timestamps': () => ofLogged(server),
  'no timestamps, and none are needed': () => ofLogged(server, { require: 0 }),
  'two logs are needed': () =>
    ofLogged(logged(), { logs: [argon, stranger], require: 2, requireOperators: 2 }),
  'an unknown log': () => ofLogged(logged({}, stranger)),
  'a timestamp from the future': () => ofLogged(logged({ at: Date.now() + 24 * HOUR })),
  'a timestamp that the log did not sign': () => ofLogged(logged({ signWith: stranger.key })),
  'a timestamp signed in another way': () => ofLogged(logged({ algorithm: [4, 1] })),
  'a timestamp of another version': () => ofLogged(logged({ version: 1 })),
  'a timestamp from beyond all calendars': () => ofLogged(logged({ at: 2n ** 63n })),
  'a timestamp in an OCSP response': () => {
    const list = timestampList([makeTimestamp(argon, x509Entry(server), { signWith: stranger.key })]);
    const response = { extensions: [inOcsp(list)], certificate: server, issuer: intermediate };
    return ofLogged(server, {}, { revocation: { stapled: makeOcspResponse([response]) } });
  },
  'an issuer whose key is known in another form': () => underRestrictedKey(),
  'a certificate too long for logs': () => {
    const long = leaf({
      extraExtensions: [{ oid: '1.2.3', value: der.octetString(new Uint8Array(1 << 24)) }],
    });
    return ofLogged(long, { timestamps: [makeTimestamp(argon, new Uint8Array(0))] });
  },
  'the same log twice': () =>
    beside({
      require: 1,
      requireOperators: 1,
      logs: [{ ...argon, retiredAt: undefined }],
      timestamps: [1, 2].map((at) => makeTimestamp(argon, x509Entry(server), { at: Date.now() - at * HOUR })),
    }),
  'a log for other years': () =>
    ofLogged(logged(), { logs: [{ ...argon, temporalInterval: { from: 0, until: HOUR } }] }),
  'a log that was retired before': () => ofLogged(logged(), retired(-2 * HOUR)),
  'a log that was retired, beside the certificate': () => beside(retired(-HOUR / 2)),
  'a log that was retired since, alone': () => ofLogged(logged(), retired(-HOUR / 2)),
  'a list that is none': () => ofLogged(leaf({ extraExtensions: [embedded(Uint8Array.of(0, 1, 2))] })),
  'more timestamps than are looked at': () =>
    ofLogged(server, {
      timestamps: Array.from({ length: 120 }, (_, i) => Uint8Array.of(9, i)),
    }),
  'a list in the certificate twice': () =>
    ofLogged(leaf({ extraExtensions: [embedded(timestampList([Uint8Array.of(1)]))] })),
};
