/** One name in a Principal or NotPrincipal element. */
export type PrincipalName =
  /** `"*"` or `{"AWS": "*"}`. */
  | { readonly kind: "anyone" }
  /** 12 digits, or `arn:aws:iam::…:root`. */
  | { readonly kind: "account"; readonly accountId: string }
  /** A user's, role's, role session's or federated user's. */
  | { readonly kind: "arn"; readonly arn: string }
  /** `AIDA…` or `AROA…`, which is what AWS shows of a principal that was deleted. */
  | { readonly kind: "uniqueId"; readonly uniqueId: string }
  | { readonly kind: "canonicalUser"; readonly canonicalId: string }
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "federated"; readonly provider: string };
