/** PKCS #12 stores: what protects them, whether they are whole, and what is in them. Keys by their type only. */
import { TlsError } from 'handfast';
import { describeOid } from 'handfast/x509';
import {
  derivationData,
  derivationText,
  type Encryption,
  encryptionData,
  encryptionText,
} from '../pkcs12/algorithms.ts';
import type { Attributes, Bag } from '../pkcs12/bags.ts';
import { HASHES } from '../pkcs12/kdf.ts';
import { NO_PASSWORD, type OpenedPart, type OpenedStore, openStore } from '../pkcs12/open.ts';
import { shellWord } from '../render/shell.ts';
import { describeCertificate } from './certificates.ts';
import { type Description, type Part, problem, type Row } from './description.ts';
import { describePrivateKey } from './keys.ts';
import { malformed } from './malformed.ts';
import { describeRevocationList } from './revocation-list.ts';
import { hex } from './values.ts';

const KIND = 'PKCS #12 store';

/** What to do about a password that is missing or wrong. */
const GIVE_PASSWORD = 'give the password with --passphrase-file FILE or in HANDFAST_PASSPHRASE';

/** Attributes that have names (RFC 7292 section 4.2, and the makers of some systems). */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  '1.3.6.1.4.1.311.17.1': 'Microsoft CSP name',
  '1.3.6.1.4.1.311.17.2': 'Microsoft local machine keyset',
  '2.16.840.1.113894.746875.1.1': 'Oracle trusted key usage',
};

function attributeRows({ friendlyName, localKeyId, others }: Attributes): Row[] {
  return [
    ...(friendlyName === undefined ? [] : ([['name', friendlyName]] satisfies Row[])),
    ...(localKeyId === undefined ? [] : ([['local key id', hex(localKeyId)]] satisfies Row[])),
    ...others.map((oid): Row => ['attribute', ATTRIBUTES[oid] ?? oid]),
  ];
}

function attributeData({ friendlyName, localKeyId, others }: Attributes): object {
  return {
    friendlyName: friendlyName ?? null,
    localKeyId: localKeyId === undefined ? null : hex(localKeyId),
    otherAttributes: others,
  };
}

/** A certificate or a list that cannot be read is one problem of many. */
async function describeOrTell(
  kind: string,
  describe: () => Description | Promise<Description>,
): Promise<Description> {
  try {
    return await describe();
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return problem(kind, error.message);
  }
}

function describeKeyAndForget(der: Uint8Array): Description {
  const description = describePrivateKey(der, 'pkcs8');
  der.fill(0);
  return description;
}

function protectedKey(store: OpenedStore, encryption: Encryption, ciphertext: Uint8Array): Description {
  const opened = store.openKey(encryption, ciphertext);
  const inside = 'der' in opened ? describeKeyAndForget(opened.der) : problem('private key', opened.problem);
  return {
    ...inside,
    rows: [...inside.rows, ['encrypted', encryptionText(encryption)]],
    data: { ...inside.data, encryption: encryptionData(encryption) },
  };
}

async function describeBag(store: OpenedStore, bag: Bag, where: OpenedPart['part']): Promise<Description> {
  switch (bag.kind) {
    case 'certificate':
      return describeOrTell('certificate', () => describeCertificate(bag.der));
    case 'revocation list':
      return describeOrTell('revocation list', () => describeRevocationList(bag.der));
    case 'key': {
      const inside = describePrivateKey(bag.der, 'pkcs8');
      const how = where.kind === 'encrypted' ? 'only as the part that it lies in' : 'NO: it lies open';
      return {
        ...inside,
        rows: [...inside.rows, ['encrypted', how]],
        data: { ...inside.data, encryption: null },
      };
    }
    case 'encrypted key':
      return protectedKey(store, bag.encryption, bag.ciphertext);
    default: {
      const kind = bag.kind === 'secret' ? 'secret' : 'entry of an unknown kind';
      return { kind, rows: [['type', describeOid(bag.type)]], data: { type: bag.type } };
    }
  }
}

async function describeEntry(store: OpenedStore, bag: Bag, where: OpenedPart['part']): Promise<Description> {
  const { kind, rows, data, problem: wrong } = await describeBag(store, bag, where);
  return {
    kind,
    rows: [...attributeRows(bag.attributes), ...rows],
    data: { ...attributeData(bag.attributes), ...data },
    ...(wrong === undefined ? {} : { problem: wrong }),
  };
}

/** `2 certificates, 1 private key`. */
function countsText(entries: readonly Description[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of entries) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const texts = [...counts].map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
  return texts.join(', ') || 'nothing';
}

function protectionText({ part, bags }: OpenedPart): string {
  if (part.kind === 'other') return part.name;
  if (part.kind === 'encrypted') return encryptionText(part.encryption);
  const isLocked = bags.some(({ kind }) => kind === 'encrypted key');
  return isLocked ? 'not encrypted, but its keys are' : 'not encrypted';
}

const PASSWORD_TEXT = {
  given: 'the password that was given',
  empty: 'an empty password',
  none: 'no password at all',
} as const;

function integrityText({ integrity, fitting }: OpenedStore): string {
  switch (integrity.verdict) {
    case 'good':
      return `good: made with ${PASSWORD_TEXT[fitting?.origin ?? 'none']}`;
    case 'none':
      return 'nothing shows whether it was changed';
    case 'damaged':
      return `BAD: ${PASSWORD_TEXT[fitting?.origin ?? 'none']} opens the contents, but they are not those that the MAC was made of`;
    case 'wrong password':
      return 'not known without the right password';
    case 'not checked':
      return `not checked: ${integrity.reason}`;
  }
}

function macRows({ container: { mac } }: OpenedStore): Row[] {
  if (mac === undefined) return [['mac', 'none']];
  const hash = mac.hash === undefined ? mac.name : `HMAC-${HASHES[mac.hash].name}`;
  const name = mac.name === 'PBMAC1' ? `PBMAC1 with ${hash}` : hash;
  return [['mac', mac.derivation === undefined ? name : `${name}; ${derivationText(mac.derivation)}`]];
}

function macData({ container: { mac }, integrity, fitting }: OpenedStore): object {
  return {
    mac:
      mac === undefined
        ? null
        : {
            algorithm: mac.name,
            hash: mac.hash === undefined ? null : HASHES[mac.hash].name,
            keyDerivation: mac.derivation === undefined ? null : derivationData(mac.derivation),
          },
    integrity: integrity.verdict,
    password: fitting?.origin ?? null,
  };
}

/** What is wrong with the store as a whole, and what to do. */
function wrongWith(store: OpenedStore, given: boolean): string | undefined {
  const { integrity, fitting } = store;
  if (integrity.verdict === 'damaged') {
    return 'it is damaged, or was changed: its MAC does not fit what it holds, although the password opens it (or does the MAC have a password of its own?)';
  }
  const isWaiting = hasLocked(store) && fitting === undefined;
  if (integrity.verdict === 'wrong password' && !hasLocked(store)) {
    return given
      ? 'its MAC was made with neither the password that was given nor an empty one, or it was changed'
      : `whether it was changed is not known: ${GIVE_PASSWORD}`;
  }
  if (integrity.verdict === 'wrong password' || (integrity.verdict === 'none' && isWaiting)) {
    return given
      ? 'neither the password that was given nor an empty one opens it: the password is wrong, or the file is damaged all over'
      : `an empty password does not open it: ${GIVE_PASSWORD}`;
  }
  return integrity.verdict === 'not checked' ? `it cannot be checked: ${integrity.reason}` : undefined;
}

/** Whether anything in it is encrypted. */
function hasLocked({ parts }: OpenedStore): boolean {
  return parts.some(
    ({ part, bags }) => part.kind === 'encrypted' || bags.some(({ kind }) => kind === 'encrypted key'),
  );
}

/** OpenSSL's command still knows the ciphers that its library leaves out. */
function howToConvert(file: string): string {
  return `openssl pkcs12 -legacy -in ${shellWord(file)} -out ${shellWord(`${file}.pem`)} -nodes opens it (it asks for the password, and the result holds the key unprotected)`;
}

/**
 * Describes a store.
 * @param password as it was given, if it was.
 * @throws {Malformed} when it is.
 */
export async function describeStore(
  der: Uint8Array,
  file: string,
  password: string | undefined,
): Promise<Description> {
  const store = malformed('the PKCS #12 store', () => openStore(der, password));
  const parts: Part[] = [];
  const rows: Row[] = [];
  const data: object[] = [];
  const problems: string[] = [];
  for (const [index, opened] of store.parts.entries()) {
    const entries: Description[] = [];
    for (const bag of opened.bags) entries.push(await describeEntry(store, bag, opened.part));
    const label = `part ${index + 1}`;
    const told = opened.problem ?? countsText(entries);
    rows.push([label, `${told}; ${protectionText(opened)}`]);
    data.push({
      encryption: opened.part.kind === 'encrypted' ? encryptionData(opened.part.encryption) : null,
      problem: opened.problem ?? null,
      contents: entries.map(({ kind, data: facts, problem: wrong }) => ({
        kind,
        ...facts,
        ...(wrong === undefined ? {} : { problem: wrong }),
      })),
    });
    parts.push(
      ...entries.map((description, i) => ({
        title: `${description.kind} (${label}, entry ${i + 1} of ${entries.length})`,
        description,
      })),
    );
    const wrong = [opened.problem, ...entries.map((entry) => entry.problem)].filter(
      (each) => each !== undefined && each !== NO_PASSWORD,
    );
    problems.push(...wrong.map((each) => `${label}: ${each}`));
  }
  const wrong = wrongWith(store, password !== undefined) ?? problems[0];
  const isBroken = problems.some((each) => each.includes('is not in the OpenSSL of Node'));
  return {
    kind: KIND,
    rows: [...macRows(store), ['integrity', integrityText(store)], ...rows],
    data: { encoding: store.container.isDer ? 'DER' : 'BER', ...macData(store), parts: data },
    parts,
    ...(wrong === undefined ? {} : { problem: isBroken ? `${wrong}; ${howToConvert(file)}` : wrong }),
    secret: 'partly',
    ...(store.container.isDer ? {} : { encoding: 'BER' }),
  };
}
