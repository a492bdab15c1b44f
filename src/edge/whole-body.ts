import { concat } from "../base/bytes.ts";
import { BodyTooLarge } from "./service.ts";

/** The largest form in which an action may be named without a signature. A web identity token has 20,000 bytes at most. */
export const FORM_BYTES_MAX = 64 * 1024;

/** The whole body. Throws `BodyTooLarge` as soon as there is more than `bytesMax`, declared or not. */
export async function readWhole({ headers, body }: Request, bytesMax: number): Promise<Uint8Array> {
  if (Number(headers.get("content-length") ?? 0) > bytesMax) throw new BodyTooLarge(bytesMax);
  if (body === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      sizeBytes += value.length;
      if (sizeBytes > bytesMax) throw new BodyTooLarge(bytesMax);
      pieces.push(value);
    }
  } finally {
    reader.releaseLock();
  }
  return concat(pieces);
}
