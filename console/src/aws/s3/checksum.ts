import { sha256Hex } from "../client.ts";

/** The header by which the store verifies a document: AWS asks for a checksum of most. */
export async function checksumHeader(body: string): Promise<{ "x-amz-checksum-sha256": string }> {
  const hex = await sha256Hex(new TextEncoder().encode(body));
  const bytes = (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  return { "x-amz-checksum-sha256": btoa(String.fromCharCode(...bytes)) };
}
