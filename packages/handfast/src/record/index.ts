/**
 * The entry `handfast/record`: how TLS cuts a byte stream into records and puts handshake messages together, without
 * keys. For scanners, sniffers and test tools; a connection does all of it by itself.
 */
export { type RawRecord, RECORD_HEADER_LENGTH, RecordFramer, recordHeader } from './framing.ts';
export { HandshakeAssembler, type HandshakeMessage } from './handshake-assembler.ts';
