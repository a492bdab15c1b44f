import type { Denial, PolicyLayer } from "./decide.ts";
import type { Policy } from "./policy.ts";
import type { AccessRequest } from "./request.ts";

/** A place in a policy's text, both from 1, as IAM's simulator prints it. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

export interface MatchedStatement {
  readonly layer: PolicyLayer;
  /** Null: the resource policy. */
  readonly policy: string | null;
  readonly sid: string | null;
  readonly effect: "Allow" | "Deny";
  readonly start: SourcePosition;
  readonly end: SourcePosition;
}

export interface Simulation {
  /** In IAM's words. */
  readonly decision: "allowed" | "explicitDeny" | "implicitDeny";
  readonly denial: Denial | null;
  readonly matchedStatements: readonly MatchedStatement[];
  /** Keys, as the policies spell them, that a statement for this action and resource asks for and the request does not have. */
  readonly missingContextValues: readonly string[];
  /** What each layer says alone; layers without a policy are missing. */
  readonly layers: ReadonlyMap<PolicyLayer, "allowed" | "explicitDeny" | "implicitDeny">;
}

/** The same decision as `decide`, with its grounds. */
export function simulate(request: AccessRequest): Simulation {
  throw new Error(`not built yet: ${request.action}`);
}

/** The condition keys and variables that a policy names, as it spells them, each once and in the order of the text. */
export function contextKeysOf(policy: Policy): readonly string[] {
  throw new Error(`not built yet: ${policy.version}`);
}
