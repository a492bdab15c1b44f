import { concat } from "../base/bytes.ts";
import { BodyTooLarge, type ExchangeHead } from "./service.ts";

/** The largest form in which an action may be named without a signature. A web identity token has 20,000 bytes at most. */
export const FORM_BYTES_MAX = 64 * 1024;

/** The whole body. Throws `BodyTooLarge` as soon as there is more than `bytesMax`, declared or not, and `ClientTooSlow`. */
export async function readWhole(
  { request, pieces }: Pick<ExchangeHead, "request" | "pieces">,
  bytesMax: number,
): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw new BodyTooLarge(bytesMax);
  if (pieces === null) return new Uint8Array(0);
  const kept: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for (let piece = await pieces.next(); piece !== null; piece = await pieces.next()) {
      sizeBytes += piece.length;
      if (sizeBytes > bytesMax) throw new BodyTooLarge(bytesMax);
      kept.push(piece.slice());
    }
  } finally {
    pieces.release();
  }
  return concat(kept);
}
