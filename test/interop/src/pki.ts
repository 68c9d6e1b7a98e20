/**
 * Certificates as every peer can take them: as PEM text and as files. They come from the test support of the
 * library, whose compiled files lie outside of the package's public entries and are found beside them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type * as TestPki from '../../../packages/handfast/test/support/pki.ts';

/** A module of the library's test support. */
export async function support<T>(file: string): Promise<T> {
  return (await import(new URL(`../test/support/${file}`, import.meta.resolve('handfast')).href)) as T;
}

const { issue, testPki, KEY_KINDS } = await support<typeof TestPki>('pki.js');

export { KEY_KINDS };
export type KeyKind = TestPki.KeyKind;

/** The name in every right server certificate, and the one that clients ask for. */
export const SERVER_NAME = 'localhost';

export interface Authority {
  readonly pem: string;
  readonly file: string;
}

export interface Credentials {
  /** Leaf and intermediate. */
  readonly chainPem: string;
  readonly keyPem: string;
  readonly leafFile: string;
  readonly intermediateFile: string;
  readonly chainFile: string;
  readonly keyFile: string;
}

let transport: TestPki.Issued | undefined;

/** The same server, with the key usage that RSA key transport needs (RFC 5246 section 7.4.2). */
function transportServer({ key }: TestPki.Issued, issuer: TestPki.Issued): TestPki.Issued {
  transport ??= issue({
    subject: SERVER_NAME,
    key,
    issuer,
    dnsNames: [SERVER_NAME],
    extKeyUsage: ['serverAuth'],
    keyUsage: ['digitalSignature', 'keyEncipherment'],
  });
  return transport;
}

/** The certificates of one run, in a folder that {@link Pki.remove} deletes. */
export class Pki {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'handfast-interop-'));
  #scratches = 0;
  readonly #made = new Map<string, Authority | Credentials>();

  authority(kind: KeyKind): Authority {
    return this.#once(`${kind}-root`, (name) => {
      const { pem } = testPki(kind).root;
      return { pem, file: this.write(`${name}.pem`, pem) };
    });
  }

  server(kind: KeyKind): Credentials {
    const { server, intermediate } = testPki(kind);
    const leaf = kind === 'rsa2048' ? transportServer(server, intermediate) : server;
    return this.#credentials(`${kind}-server`, leaf, intermediate);
  }

  client(kind: KeyKind): Credentials {
    return this.#credentials(`${kind}-client`, testPki(kind).client, testPki(kind).intermediate);
  }

  /** A server certificate that was good until yesterday. */
  expiredServer(): Credentials {
    const { intermediate } = testPki('p256');
    const day = 86_400_000;
    const expired = issue({
      subject: SERVER_NAME,
      issuer: intermediate,
      dnsNames: [SERVER_NAME],
      extKeyUsage: ['serverAuth'],
      notBefore: new Date(Date.now() - 30 * day),
      notAfter: new Date(Date.now() - day),
    });
    return this.#credentials('expired-server', expired, intermediate);
  }

  /** A path that nothing else uses. */
  scratch(): string {
    return join(this.#folder, `scratch-${++this.#scratches}`);
  }

  /** Writes a file into the folder, which `name` is relative to, and gives its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = resolve(this.#folder, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #credentials(name: string, leaf: TestPki.Issued, intermediate: TestPki.Issued): Credentials {
    return this.#once(name, () => ({
      chainPem: leaf.pem + intermediate.pem,
      keyPem: leaf.keyPem,
      leafFile: this.write(`${name}-leaf.pem`, leaf.pem),
      intermediateFile: this.write(`${name}-intermediate.pem`, intermediate.pem),
      chainFile: this.write(`${name}-chain.pem`, leaf.pem + intermediate.pem),
      keyFile: this.write(`${name}-key.pem`, leaf.keyPem),
    }));
  }

  #once<T extends Authority | Credentials>(name: string, make: (name: string) => T): T {
    const known = this.#made.get(name);
    if (known !== undefined) return known as T;
    const made = make(name);
    this.#made.set(name, made);
    return made;
  }
}
