/** How requests to a service are signed. S3 differs from all others. */
export interface SigningRules {
  /** Names that a credential scope may have for it: `["s3", "s3express"]`. */
  readonly scopes: readonly string[];
  /** How often the path is percent-encoded in the canonical request. S3 signs it as it is sent. */
  readonly pathEncoding: "once" | "twice";
  /**
   * What stands for the body in the canonical request: the header x-amz-content-sha256, which S3 demands and which may say that the
   * body is not signed; or the digest of the body itself, whatever a header says.
   */
  readonly payload: "header" | "digest";
  /** Whether Signature Version 2 is taken. */
  readonly version2: boolean;
}

export const s3SigningRules: SigningRules = {
  scopes: ["s3", "s3express"],
  pathEncoding: "once",
  payload: "header",
  version2: true,
};

/** The rules of every other service, by the name in its credential scope. */
export function commonSigningRules(scope: string): SigningRules {
  return { scopes: [scope], pathEncoding: "twice", payload: "digest", version2: false };
}
