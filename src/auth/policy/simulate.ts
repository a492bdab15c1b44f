import { combine, type Denial } from "./decide.ts";
import { evaluateLayers, type LayerResult, type Match, type PolicyLayer } from "./evaluate.ts";
import type { Policy } from "./policy.ts";
import { namedNot } from "./principal-name.ts";
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

/** In IAM's words. */
export type SimulatedDecision = "allowed" | "explicitDeny" | "implicitDeny";

export interface Simulation {
  readonly decision: SimulatedDecision;
  readonly denial: Denial | null;
  /** All that match, whether or not they decided. */
  readonly matchedStatements: readonly MatchedStatement[];
  /**
   * Keys, as the policies spell them, that a statement for this action and resource asks for and the request does not have. A statement
   * is read up to its first condition that does not hold.
   */
  readonly missingContextValues: readonly string[];
  /** What each layer says alone; layers without a policy are missing. */
  readonly layers: ReadonlyMap<PolicyLayer, SimulatedDecision>;
}

/** The same decision as `decide`, with its grounds. */
export function simulate(request: AccessRequest): Simulation {
  const matches: Match[] = [];
  const missing = new Set<string>();
  const results = evaluateLayers(request, {
    match: (match) => matches.push(match),
    missing: (key) => missing.add(key),
  });
  const decision = combine(request, results);
  const layers = new Map<PolicyLayer, SimulatedDecision>();
  for (const layer of ["identity", "boundary", "session", "resource"] as const) {
    const result = results[layer];
    if (result !== null) layers.set(layer, layerDecision(result));
  }
  return {
    decision: decision.allowed ? "allowed" : decision.reason.kind,
    denial: decision.allowed ? null : decision.reason,
    matchedStatements: matches.map((match) => describeMatch(match, request.resourcePolicy)),
    missingContextValues: spelled(missing, request),
    layers,
  };
}

function layerDecision({ deny, allow }: LayerResult): SimulatedDecision {
  if (deny !== null) return "explicitDeny";
  return allow === namedNot ? "implicitDeny" : "allowed";
}

function describeMatch({ layer, policy, statement }: Match, resourcePolicy: Policy | undefined): MatchedStatement {
  const source = (policy?.policy ?? (resourcePolicy as Policy)).source;
  return {
    layer,
    policy: policy?.name ?? null,
    sid: statement.sid,
    effect: statement.effect,
    start: positionOf(source, statement.start),
    end: positionOf(source, statement.end),
  };
}

function positionOf(source: string, offset: number): SourcePosition {
  const before = source.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

function spelled(keys: ReadonlySet<string>, request: AccessRequest): string[] {
  if (keys.size === 0) return [];
  const policies = [
    ...request.identityPolicies,
    ...(request.permissionsBoundary === undefined ? [] : [request.permissionsBoundary]),
    ...(request.sessionPolicies ?? []),
  ].map(({ policy }) => policy);
  if (request.resourcePolicy !== undefined) policies.push(request.resourcePolicy);
  const spellings = new Map(policies.flatMap(contextKeysOf).map((key) => [key.toLowerCase(), key]));
  return [...keys].map((key) => spellings.get(key) ?? key);
}

/** The condition keys and variables that a policy names, as it first spells them, each once and in the order of the text. */
export function contextKeysOf(policy: Policy): readonly string[] {
  const keys = new Map<string, string>();
  const add = (key: string) => {
    if (!keys.has(key.toLowerCase())) keys.set(key.toLowerCase(), key);
  };
  for (const { resources, conditions } of policy.statements) {
    for (const { variables } of resources?.patterns ?? []) for (const { name } of variables) add(name);
    for (const { key, variables } of conditions) {
      add(key);
      for (const { name } of variables) add(name);
    }
  }
  return [...keys.values()];
}
