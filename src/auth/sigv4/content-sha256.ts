import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";

/**
 * Compares the SHA-256 of the body with the one that was signed (`PayloadMode` hash). Both in hexadecimal, `declared`
 * in lower case as `parsePayloadMode` leaves it. The caller feeds the digest, so that it can serve a checksum as well.
 */
export function checkContentSha256(declared: string, computed: string): Checked<null> {
  // Not a secret: the client knows both values, so the comparison need not be in constant time.
  if (declared === computed) return { ok: true, value: null };
  return refused({ kind: "contentSha256Mismatch", declared, computed });
}
