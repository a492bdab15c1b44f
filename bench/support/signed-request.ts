import { objectPath, type SignerPayload, signRequest } from "../../test/support/signer.ts";
import type { PreparedRequest } from "./http-client.ts";

/** An S3 endpoint and a key pair of it. */
export interface Door {
  /** Without a slash at the end. */
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface ObjectRequest {
  method: string;
  bucket: string;
  /** Absent: the bucket itself. */
  key?: string;
  /** As it is sent, without the question mark. */
  query?: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  payload?: SignerPayload;
}

/** A signed request, path-style. Whoever measures signs before the clock runs. */
export function signedRequest(door: Door, { bucket, key, query, ...rest }: ObjectRequest): PreparedRequest {
  const path = key === undefined ? `/${bucket}` : objectPath(bucket, key);
  const url = `${door.endpoint}${path}${query === undefined ? "" : `?${query}`}`;
  const { accessKeyId, secretAccessKey: secret } = door;
  const signed = signRequest({ ...rest, url, accessKeyId, secret, nowMs: Date.now() });
  const body = signed.body.length > 0 ? { body: signed.body } : {};
  return { method: signed.method, url: signed.url, headers: signed.headers, ...body };
}

/** The same for a body that is neither hashed nor copied: UNSIGNED-PAYLOAD. */
export function unsignedUpload(door: Door, request: ObjectRequest & { body: Uint8Array }): PreparedRequest {
  const { body, ...head } = request;
  const headers = { ...head.headers, "content-length": `${body.length}` };
  return { ...signedRequest(door, { ...head, headers, payload: { mode: "unsigned" } }), body };
}
