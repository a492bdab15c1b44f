import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";

/** Compares texts in a time that depends on their lengths alone. */
export function equalInConstantTime(a: string, b: string): boolean {
  const bytesA = Buffer.from(a, "utf8");
  const bytesB = Buffer.from(b, "utf8");
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}
