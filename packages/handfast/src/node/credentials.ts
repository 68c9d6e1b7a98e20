/** Certificates and keys as callers have them: PEM or DER, one or many, parsed or not. */
import { X509Certificate } from 'node:crypto';
import { type SigningKeyInput, signingKey } from '../crypto/node/index.ts';
import type { SigningKey } from '../crypto/provider.ts';
import { createIdentity, type Identity, type IdentityOptions, samePublicKey } from '../handshake/identity.ts';
import { ConfigError } from '../wire/errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readCertificates } from '../x509/pem.ts';

/** A value, or a list of them. */
export type OneOrMany<T> = T | readonly T[];

/** Certificates: PEM text or bytes (any number of them), one as DER, or one that is parsed already. */
export type CertificateInput = string | Uint8Array | X509Certificate | Certificate;

/** A private key: PEM, DER, a KeyObject, one with its own passphrase, or any object that can sign. */
export type KeyInput =
  | SigningKeyInput
  | SigningKey
  | { readonly pem: string | Uint8Array; readonly passphrase?: string | undefined };

/** How an endpoint can prove who it is. */
export type IdentityInput =
  | Identity
  | ({
      /** The chain, leaf first. */
      readonly cert: OneOrMany<CertificateInput>;
      /** The leaf's private key. */
      readonly key: KeyInput;
      /** For an encrypted key. */
      readonly passphrase?: string | undefined;
    } & Pick<IdentityOptions, 'ocspResponse' | 'signedCertificateTimestamps'>);

/** The options that {@link loadIdentities} reads. */
export interface CredentialOptions {
  /** Chains, leaf first. */
  readonly cert?: OneOrMany<CertificateInput> | undefined;
  /** The private keys of their leaves. */
  readonly key?: OneOrMany<KeyInput> | undefined;
  /** For encrypted keys that bring none of their own. */
  readonly passphrase?: string | undefined;
  /** Identities besides those of `cert` and `key`. */
  readonly identities?: OneOrMany<IdentityInput> | undefined;
}

/**
 * Makes one identity of a chain and its key.
 * @throws {ConfigError} when one of them cannot be read, or they do not belong together.
 */
export function loadIdentity(input: IdentityInput): Identity {
  if (typeof input !== 'object' || input === null) {
    throw new ConfigError(
      'identities',
      `identities: expected { cert, key }, found ${input === null ? 'null' : typeof input}`,
    );
  }
  if ('schemes' in input) return input;
  const { cert, key, passphrase, ...extras } = input;
  return createIdentity({
    ...extras,
    chain: loadCertificates('cert', cert),
    key: readKey(key, passphrase),
  });
}

/**
 * All identities of the options `cert`, `key` and `identities`. Several chains and keys may be given in any order: a
 * chain begins with the certificate that one of the keys belongs to.
 * @throws {ConfigError} when something cannot be read, or a key or a chain is left over.
 */
export function loadIdentities(options: CredentialOptions): Identity[] {
  return [...pairUp(options), ...list(options.identities ?? []).map(loadIdentity)];
}

function pairUp({ cert, key, passphrase }: CredentialOptions): Identity[] {
  if (cert === undefined && key === undefined) return [];
  if (cert === undefined)
    throw new ConfigError('cert', 'cert: expected the certificate for `key`, found none');
  if (key === undefined) throw new ConfigError('key', 'key: expected the private key for `cert`, found none');
  const keys = list(key).map((input) => readKey(input, passphrase));
  const certificates = loadCertificates('cert', cert);
  const [onlyKey] = keys;
  if (onlyKey === undefined) throw new ConfigError('key', 'key: expected a private key, found an empty list');
  if (keys.length === 1) return [createIdentity({ chain: certificates, key: onlyKey })];
  return splitChains(certificates, keys).map((identity) => createIdentity(identity));
}

/** Where there are several keys, each certificate that one of them belongs to begins a chain. */
function splitChains(certificates: readonly Certificate[], keys: readonly SigningKey[]): IdentityOptions[] {
  if (keys.some(({ publicKey }) => publicKey === undefined)) {
    throw new ConfigError(
      'key',
      'key: one of several keys does not tell its publicKey, so its certificate cannot be found; pair them in identities',
    );
  }
  const chains: { chain: Certificate[]; key: SigningKey }[] = [];
  const unused = new Set(keys);
  for (const certificate of certificates) {
    const certified = certificate.publicKeyInfo.key;
    const key = keys.find(({ publicKey }) => certified !== undefined && samePublicKey(publicKey, certified));
    const current = chains.at(-1);
    if (key !== undefined) {
      chains.push({ chain: [certificate], key });
      unused.delete(key);
    } else if (current !== undefined) {
      current.chain.push(certificate);
    } else {
      throw new ConfigError('cert', `cert: no key belongs to the first certificate, ${certificate.subject}`);
    }
  }
  if (unused.size > 0) {
    throw new ConfigError(
      'key',
      `key: ${unused.size} of ${keys.length} keys belong to none of the certificates`,
    );
  }
  return chains;
}

/**
 * Reads certificates in the order given. An empty list is no certificate, which is the caller's to judge.
 * @param option the caller's option, for error messages.
 * @throws {ConfigError} for everything that is not a certificate.
 */
export function loadCertificates(option: string, input: OneOrMany<CertificateInput>): Certificate[] {
  return list(input).flatMap((item) => loadCertificate(option, item));
}

function loadCertificate(option: string, input: CertificateInput): readonly Certificate[] {
  if (typeof input === 'string') {
    refuseFileName(option, 'a PEM certificate (-----BEGIN CERTIFICATE-----)', input);
    return readCertificates(input, option);
  }
  if (input instanceof Uint8Array) return readCertificates(input, option);
  if (input instanceof X509Certificate) return readCertificates(input.raw, option);
  if (typeof input === 'object' && input !== null && 'tbs' in input) return [input];
  throw new ConfigError(
    option,
    `${option}: expected a certificate as PEM text or bytes, found ${input === null ? 'null' : typeof input}`,
  );
}

/** A name in place of the content is the most frequent mistake, and deserves an answer of its own. */
function refuseFileName(option: string, expected: string, text: string): void {
  if (!text.includes('-----BEGIN ') && FILE_NAME.test(text)) {
    throw new ConfigError(
      option,
      `${option}: expected ${expected}, found ${JSON.stringify(text)}, which looks like a file name; read the file and give its content`,
    );
  }
}

const FILE_NAME = /^[^\n\r]*(?:[\\/]|\.(?:pem|crt|cer|cert|der|key|p12|pfx)$)[^\n\r]{0,255}$/i;

function readKey(input: KeyInput, passphrase: string | undefined): SigningKey {
  if (typeof input === 'object' && input !== null) {
    if ('sign' in input) return requireSigningKey(input);
    if ('pem' in input) return readKey(input.pem, input.passphrase ?? passphrase);
  }
  if (typeof input === 'string') {
    refuseFileName('key', 'a PEM private key (-----BEGIN PRIVATE KEY-----)', input);
  }
  return signingKey(input, passphrase === undefined ? {} : { passphrase });
}

/** Objects of callers come from JavaScript too. */
function requireSigningKey(key: SigningKey): SigningKey {
  if (typeof key.sign !== 'function' || !Array.isArray(key.schemes)) {
    throw new ConfigError('key', 'key: expected an object with a list of schemes and a function sign');
  }
  return key;
}

function list<T>(input: OneOrMany<T>): readonly T[] {
  return Array.isArray(input) ? input : [input as T];
}
