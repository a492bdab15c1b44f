import type { Policy } from "./policy.ts";

/** One of the policies that AWS keeps in every account. */
export interface ManagedPolicy {
  /** `arn:aws:iam::aws:policy/…` */
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  /** `ANPA…`, the same on every server. */
  readonly policyId: string;
  readonly description: string;
  readonly document: string;
}

/** All of them, by name. */
export const managedPolicies: readonly ManagedPolicy[] = [];

export function findManagedPolicy(arn: string): (ManagedPolicy & { readonly policy: Policy }) | undefined {
  throw new Error(`not built yet: ${arn}`);
}
