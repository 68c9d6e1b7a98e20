/** Certificates for the servers, as files. They come from the test support of the library, as those of `test/interop` do. */
import { getDiffieHellman } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as TestPki from '../../../packages/handfast/test/support/pki.ts';

const support = new URL('../test/support/pki.js', import.meta.resolve('handfast'));
const { issue, makeKey, testPki } = (await import(support.href)) as typeof TestPki;

export interface Credentials {
  /** Leaf and intermediate. */
  readonly chain: string;
  readonly leaf: string;
  readonly intermediate: string;
  readonly key: string;
}

/** An INTEGER of DER: positive, so that a leading one becomes two bytes. */
function integer(bytes: Uint8Array): Buffer {
  const content = Buffer.concat([Buffer.alloc((bytes[0] as number) >> 7), bytes]);
  return Buffer.concat([Buffer.of(0x02, ...length(content.length)), content]);
}

function length(count: number): number[] {
  return count < 0x80 ? [count] : [0x81, count];
}

/** The field of 1024 bits of RFC 2409 section 6.2, as `openssl dhparam` writes it. */
function smallField(): string {
  const group = getDiffieHellman('modp2');
  const numbers = Buffer.concat([integer(group.getPrime()), integer(group.getGenerator())]);
  const der = Buffer.concat([Buffer.of(0x30, ...length(numbers.length)), numbers]);
  return `-----BEGIN DH PARAMETERS-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END DH PARAMETERS-----\n`;
}

/** A folder for one run, deleted by {@link Workshop.remove}. */
export class Workshop {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'handfast-scan-'));
  readonly rsa: Credentials;
  readonly ecdsa: Credentials;
  /** The roots of both. */
  readonly authorities: string;
  /** Parameters of a finite field of 1024 bits. */
  readonly smallField: string;

  constructor() {
    this.rsa = this.#credentials('rsa2048');
    this.ecdsa = this.#credentials('p256');
    this.smallField = this.write('dh1024.pem', smallField());
    this.authorities = this.write('roots.pem', testPki('rsa2048').root.pem + testPki('p256').root.pem);
  }

  /** Writes a file and gives its path. */
  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #credentials(kind: 'rsa2048' | 'p256'): Credentials {
    const { intermediate } = testPki(kind);
    const server = issue({
      subject: 'localhost',
      key: makeKey(kind, 2),
      issuer: intermediate,
      dnsNames: ['localhost'],
      extKeyUsage: ['serverAuth'],
      // With RSA key transport, the client encrypts to the key.
      keyUsage: kind === 'rsa2048' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
    });
    return {
      chain: this.write(`${kind}-chain.pem`, server.pem + intermediate.pem),
      leaf: this.write(`${kind}-leaf.pem`, server.pem),
      intermediate: this.write(`${kind}-intermediate.pem`, intermediate.pem),
      key: this.write(`${kind}-key.pem`, server.keyPem),
    };
  }
}
