/** What the library says about its options, in the words of the command line. */

/** The library's options as the command line calls them. Those that are missing here have no option of their own. */
const OPTIONS: Readonly<Record<string, string>> = {
  versions: '--tls',
  policy: '--policy',
  cipherSuites: '--suites',
  groups: '--groups',
  keyShares: '--groups',
  signatureSchemes: '--signature-schemes',
  certificateSignatureSchemes: '--signature-schemes',
  allowRsaKeyExchange: '--allow-rsa-key-exchange',
  preference: '--prefer',
  identities: '--cert',
  applicationProtocols: '--alpn',
  ALPNProtocols: '--alpn',
  servername: '--servername',
  name: '--name',
};

/** What the library advises to set in code, and what does the same here. */
const ADVICE: readonly (readonly [string, string])[] = [
  ['set allowRsaKeyExchange too', 'give --allow-rsa-key-exchange too'],
  ['set requireExtendedMasterSecret to false', 'take --policy legacy'],
];

/**
 * A message of the library with its options named as on the command line.
 * @param option the option that the message begins with, if it does.
 */
export function commandWording(message: string, option?: string): string {
  const own = option === undefined ? undefined : OPTIONS[option];
  const headed =
    own !== undefined && message.startsWith(`${option}: `) ? own + message.slice(option?.length) : message;
  return ADVICE.reduce((text, [words, ours]) => text.replace(words, ours), headed);
}
