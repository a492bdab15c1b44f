import type { Condition } from "./condition.ts";
import type { Pattern } from "./pattern.ts";
import type { PrincipalName } from "./principal-name.ts";
import type { ResourcePattern } from "./resource-pattern.ts";

/** A compiled statement. */
export interface Statement {
  /** From 0. */
  readonly index: number;
  readonly sid: string | null;
  readonly effect: "Allow" | "Deny";
  /** Null in policies of identities. `not`: NotPrincipal. */
  readonly principals: { readonly not: boolean; readonly names: readonly PrincipalName[] } | null;
  /** In lower case. `not`: NotAction. */
  readonly actions: { readonly not: boolean; readonly patterns: readonly Pattern[] };
  /** Null in trust policies. `not`: NotResource. */
  readonly resources: { readonly not: boolean; readonly patterns: readonly ResourcePattern[] } | null;
  /** All must hold. */
  readonly conditions: readonly Condition[];
  /** Where the statement lies in the policy's source, in UTF-16 units; `end` is behind its last brace. */
  readonly start: number;
  readonly end: number;
}
