/** Who makes a request. */
export type Principal =
  | { kind: "root" /** Canonical user id, 64 hex digits, as S3 prints owners. */; ownerId: string; displayName: string }
  | { kind: "anonymous" };
