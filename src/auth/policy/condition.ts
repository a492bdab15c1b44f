import type { Pattern } from "./pattern.ts";

/** One operator on one key with its values. */
export interface Condition {
  /** As written: `ForAllValues:StringEqualsIfExists`. */
  readonly operator: string;
  /** In lower case. */
  readonly key: string;
  readonly values: readonly Pattern[];
}
