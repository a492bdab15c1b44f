/** The header of canned ACLs. */
export const CANNED_ACL_HEADER = "x-amz-acl";

/** Grant headers, with the permission of each. */
export const GRANT_HEADERS = {
  "x-amz-grant-full-control": "FULL_CONTROL",
  "x-amz-grant-read": "READ",
  "x-amz-grant-read-acp": "READ_ACP",
  "x-amz-grant-write": "WRITE",
  "x-amz-grant-write-acp": "WRITE_ACP",
} as const;

/** Headers by which a request sets an ACL. */
export const ACL_HEADERS: readonly string[] = [CANNED_ACL_HEADER, ...Object.keys(GRANT_HEADERS)];
