import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** The type of a header's value: a string. */
const STRING_TYPE = 7;

/**
 * One message of AWS's event stream encoding (`application/vnd.amazon.eventstream`): lengths and
 * their CRC-32, headers, payload, the CRC-32 of the whole message. Names and values of headers are
 * ASCII here. Source: S3 API reference, "Appendix: SelectObjectContent Response".
 */
export function eventMessage(headers: Readonly<Record<string, string>>, payload: Uint8Array): Uint8Array {
  const head = Object.entries(headers).map(([name, value]) => {
    const bytes = Buffer.alloc(name.length + value.length + 4);
    bytes[0] = name.length;
    Buffer.from(name, "latin1").copy(bytes, 1);
    bytes[name.length + 1] = STRING_TYPE;
    new DataView(bytes.buffer, bytes.byteOffset).setUint16(name.length + 2, value.length);
    Buffer.from(value, "latin1").copy(bytes, name.length + 4);
    return bytes;
  });
  const headBytes = head.reduce((sum, { length }) => sum + length, 0);
  const totalBytes = PRELUDE_BYTES + headBytes + payload.length + CRC_BYTES;
  const message = new Uint8Array(totalBytes);
  const view = new DataView(message.buffer);
  view.setUint32(0, totalBytes);
  view.setUint32(4, headBytes);
  view.setUint32(8, crc32(message.subarray(0, 8)));
  let at = PRELUDE_BYTES;
  for (const bytes of [...head, payload]) {
    message.set(bytes, at);
    at += bytes.length;
  }
  view.setUint32(at, crc32(message.subarray(0, at)));
  return message;
}
