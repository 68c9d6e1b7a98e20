/** server_name (RFC 6066 section 3). */
import { ascii, latin1 } from '../bytes.ts';
import { type Codec, empty, enclosed, opaque, struct, uint8 } from '../codec.ts';
import { ExtensionType } from '../registry.ts';

const HOST_NAME = 0;
const LDH = /^[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*$/;
const entry = struct({ nameType: uint8, name: opaque(1, 0xffff) });

/**
 * A list with exactly one host name. The list may hold one name of each type, but only this type was ever
 * defined, and the others cannot be parsed (RFC 6066 gives them no common shape).
 */
const hostName: Codec<string> = {
  read: (reader) => {
    const { nameType, name } = entry.read(reader);
    if (nameType !== HOST_NAME) reader.fail(`expected the name type host_name(0), found ${nameType}`);
    const text = latin1(name);
    if (text.length > 255 || !LDH.test(text)) {
      reader.fail('expected a host name of letters, digits, hyphens and dots, without a dot at its end');
    }
    return text;
  },
  write: (writer, name) => entry.write(writer, { nameType: HOST_NAME, name: ascii(name) }),
  sample: (random) => `${'abcdefgh'.slice(0, 1 + random.below(8))}.example`,
  show: (name) => name,
};

const serverNameList = enclosed(hostName, 1, 0xffff);

export const serverName = {
  type: ExtensionType.server_name,
  // In a CertificateRequest only exported authenticators use it (RFC 9261), but it may stand there.
  in: {
    ClientHello: serverNameList,
    EncryptedExtensions: empty,
    ServerHello12: empty,
    CertificateRequest: serverNameList,
  },
} as const;
