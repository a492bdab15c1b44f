import type { Statement } from "./statement.ts";

/** A parsed and compiled policy. Immutable, apart from a bounded memory of which statements concern which action. */
export interface Policy {
  /** As it was stored. */
  readonly source: string;
  readonly version: "2008-10-17" | "2012-10-17";
  readonly id: string | null;
  readonly statements: readonly Statement[];
  /** The statements whose Action or NotAction covers an action (in lower case), in their order. */
  statementsFor(action: string): readonly Statement[];
}
