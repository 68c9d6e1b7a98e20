// Writes packages/mozilla-roots/dist/index.js: the authorities that this Node is built with. The build runs it; with
// --release, as when the package is packed, this Node must be a recent one, since the list is as old as its release.
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** The oldest major version that a release may be made with: the newest there is; raise it with every release. */
const RELEASE_NODE = 26;
/** Mozilla's list has had 120 to 150 for years: fewer are no list of Mozilla's. */
const FEWEST = 100;

const folder = fileURLToPath(new URL('../packages/mozilla-roots/dist/', import.meta.url));
const file = `${folder}index.js`;
const [major] = process.versions.node.split('.').map(Number);

function fail(message) {
  console.error(`make-roots: ${message}`);
  process.exit(1);
}

if (process.argv.includes('--release') && major < RELEASE_NODE) {
  fail(`a release is made with Node ${RELEASE_NODE} or newer, whose list is new; this is ${process.version}`);
}
const certificates = rootCertificates.map((pem) => new X509Certificate(pem));
const odd = certificates.find(({ ca }) => !ca);
if (odd !== undefined) fail(`${odd.subject} is no authority`);
if (certificates.length < FEWEST)
  fail(`this Node has only ${certificates.length} authorities; ${FEWEST} are the least`);

const lines = certificates.map(({ raw }) => `  '${raw.toString('base64')}',`).sort();
const text = `// Mozilla's authorities for servers, from Node.js ${process.version}; certdata.txt of NSS, MPL 2.0.
export const source = '${process.version}';
export const certificates = Object.freeze([
${lines.join('\n')}
]);
`;
if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, text);
}
