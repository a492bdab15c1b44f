import type { PayloadMode } from "./payload.ts";

/** The part of a request that a signature covers, free of any platform type. */
export interface RequestHead {
  /** As sent: `GET`, `PUT`. */
  readonly method: string;
  /** The path as it arrived, beginning with `/`, percent escapes kept. */
  readonly rawPath: string;
  /** The query as it arrived, without the `?`; empty if there is none. */
  readonly rawQuery: string;
  /** Lower-case names; a header sent several times is one entry, joined by a comma or by a comma and a space. */
  readonly headers: ReadonlyMap<string, string>;
  /** What the client sent as Accept-Encoding, where the platform has put another value into `headers`. */
  readonly acceptEncodingOriginal?: string;
  /** The bucket that the host names; absent if the path begins with it. Part of what Signature Version 2 covers. */
  readonly bucketOfHost?: string;
  /** SHA-256 of the whole body in lower-case hexadecimal, for services whose signatures cover it. */
  readonly bodySha256Hex?: string;
}

/** The scope of a credential: all that a signing key is derived from, besides the secret. */
export interface CredentialScope {
  /** `YYYYMMDD` */
  readonly date: string;
  /** Any name: the region of the client's configuration means nothing here. */
  readonly region: string;
  /** As the client wrote it: one of the scopes of the service's `SigningRules`. */
  readonly service: string;
}

export interface AnonymousRequest {
  readonly kind: "anonymous";
  readonly payload: PayloadMode;
}

/** A request that claims to be signed with SigV4. Nothing in it is proven until `verifySignature` says so. */
export interface SignedRequest {
  readonly kind: "signed";
  readonly via: "header" | "query";
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** Lower case, without repetition, in the client's order. */
  readonly signedHeaders: readonly string[];
  /** As sent; of any length and content. */
  readonly signature: string;
  readonly timestampMs: number;
  /** The time as the client wrote it, for messages. */
  readonly timestampText: string;
  /** The life of a presigned URL; only where `via` is query. */
  readonly expiresSeconds?: number;
  /** Of temporary credentials. Part of what is signed, but whether it is valid is for the caller to judge. */
  readonly sessionToken?: string;
  readonly payload: PayloadMode;
  /** The last line of the canonical request: x-amz-content-sha256 as sent, or UNSIGNED-PAYLOAD. */
  readonly payloadText: string;
}

/** A request that claims to be signed with Signature Version 2; the same holds. */
export type SignedV2Request = V2Claim & (V2HeaderTime | V2QueryTime);

interface V2Claim {
  readonly kind: "signed-v2";
  readonly accessKeyId: string;
  /** As sent; of any length and content. */
  readonly signature: string;
  /** The fourth line of the string to sign: Date or Expires as sent, empty where x-amz-date replaces Date. */
  readonly dateText: string;
  readonly sessionToken?: string;
  readonly payload: PayloadMode;
}

interface V2HeaderTime {
  readonly via: "header";
  readonly timestampMs: number;
  /** The time as the client wrote it, for messages. */
  readonly timestampText: string;
}

interface V2QueryTime {
  readonly via: "query";
  readonly expiresAtMs: number;
}
