import { sha256Hex } from "../client.ts";

/** A SHA-256 in base64, as S3 writes checksums. */
export function base64OfHex(hex: string): string {
  return btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))));
}

/** The header by which the store verifies a document: AWS asks for a checksum of most. */
export async function checksumHeader(body: string): Promise<{ "x-amz-checksum-sha256": string }> {
  return { "x-amz-checksum-sha256": base64OfHex(await sha256Hex(new TextEncoder().encode(body))) };
}
