import type { IncomingBody } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";

/**
 * The same body, refused with UnsupportedMediaType as soon as it is not UTF-8, or if it ends within
 * a character.
 */
export function utf8Body(body: IncomingBody): IncomingBody {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const check = (piece: Uint8Array | null) => {
    try {
      if (piece === null) decoder.decode();
      else decoder.decode(piece, { stream: true });
    } catch (error) {
      if (error instanceof TypeError) throw new S3Error("UnsupportedMediaType");
      throw error;
    }
  };
  return {
    sizeBytes: body.sizeBytes,
    digests: body.digests,
    next: async () => {
      const piece = await body.next();
      check(piece);
      return piece;
    },
    verify: (digests) => body.verify(digests),
  };
}
