/** ec_point_formats (RFC 8422 section 5.1.2). */
import { uint, vector } from '../codec.ts';
import { ExtensionType, ecPointFormatName } from '../registry.ts';

const ecPointFormatList = vector(uint(1, ecPointFormatName), 1, 0xff);

/** `ECPointFormat` uncompressed: the only form that has not been deprecated (RFC 8422 section 5.1.2). */
export const UNCOMPRESSED_POINT = 0;

export const ecPointFormats = {
  type: ExtensionType.ec_point_formats,
  in: { ClientHello: ecPointFormatList, ServerHello12: ecPointFormatList },
} as const;
