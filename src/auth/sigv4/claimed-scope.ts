import { decodeCanonical, parseQuery } from "./percent-encoding.ts";
import type { RequestHead } from "./request-head.ts";

const inHeader = /Credential=[^/,\s]*\/[^/,\s]*\/[^/,\s]*\/([^/,\s]*)\//;
const inQuery = /^[^/]*\/[^/]*\/[^/]*\/([^/]*)\//;

/**
 * The service that a request claims to be signed for, by its credential scope, or null if it names none. Nothing of it is proven:
 * it says only by whose rules the signature is to be read.
 */
export function claimedScope({ headers, rawQuery }: Pick<RequestHead, "headers" | "rawQuery">): string | null {
  const authorization = headers.get("authorization");
  if (authorization !== undefined) return inHeader.exec(authorization)?.[1] ?? null;
  if (!rawQuery.includes("X-Amz-Credential")) return null;
  const credential = parseQuery(rawQuery).find(({ name }) => name === "X-Amz-Credential");
  return inQuery.exec(decodeCanonical(credential?.value ?? "") ?? "")?.[1] ?? null;
}
