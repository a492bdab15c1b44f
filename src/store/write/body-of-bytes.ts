import type { IncomingBody } from "../types.ts";

/**
 * A body of bytes in memory, in one piece. Nothing is verified: they come from the store itself.
 */
export function bodyOfBytes(bytes: Uint8Array): IncomingBody {
  let rest: Uint8Array | null = bytes;
  return {
    sizeBytes: bytes.length,
    digests: [],
    next: async () => {
      const piece = rest;
      rest = null;
      return piece;
    },
    verify: () => null,
  };
}
