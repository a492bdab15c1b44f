import { expect } from "vitest";
import { decide } from "../../../../src/auth/policy/decide.ts";
import { parsePolicy } from "../../../../src/auth/policy/parse.ts";
import type { Policy } from "../../../../src/auth/policy/policy.ts";
import type { AccessRequest } from "../../../../src/auth/policy/request.ts";
import { type Simulation, simulate } from "../../../../src/auth/policy/simulate.ts";
import { type Case, type Json, now, randomCase } from "./cases.ts";
import { type Difference, differences } from "./differences.ts";
import { askIndependent, type Verdict } from "./independent.ts";
import { Choices } from "./random.ts";

function compile(document: Json): Policy {
  const parsed = parsePolicy(JSON.stringify(document), { kind: "identity" });
  if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.failure)} in ${JSON.stringify(document)}`);
  return parsed.policy;
}

/** Null if the resource policy is none that its service would keep: of an action that the resource does not have, and so on. */
function compileResourcePolicy({ resourcePolicy, resource }: Case): Policy | undefined | null {
  if (resourcePolicy === null) return undefined;
  const parsed = parsePolicy(
    JSON.stringify(resourcePolicy),
    resource.startsWith("arn:aws:s3:::") ? { kind: "bucket", bucket: "holiday" } : { kind: "resource", arn: resource },
  );
  if (parsed.ok) return parsed.policy;
  const refusals = ["foreignAction", "foreignResource", "actionWithoutResource", "foreignConditionKey"];
  if (!refusals.includes(parsed.failure.kind)) throw new Error(JSON.stringify(parsed.failure));
  return null;
}

function requestOf(one: Case, resourcePolicy: Policy | undefined, ignoredKeys: readonly string[]): AccessRequest {
  const context = new Map(Object.entries(one.context).map(([key, value]) => [key.toLowerCase(), value]));
  for (const key of ignoredKeys) context.delete(key);
  return {
    principal: one.principal,
    action: one.action,
    resource: one.resource,
    resourceAccountId: one.resourceAccountId,
    context: (key) => context.get(key),
    now,
    identityPolicies: one.identityPolicies.map((policy, index) => ({
      name: `identity-${index}`,
      policy: compile(policy),
    })),
    permissionsBoundary: one.boundary === null ? undefined : { name: "boundary", policy: compile(one.boundary) },
    sessionPolicies: one.session === null ? undefined : [{ name: "session", policy: compile(one.session) }],
    resourcePolicy,
  };
}

interface Comparison {
  readonly one: Case;
  readonly ours: Simulation;
  readonly theirs: Verdict;
}

/** Both answers; undefined if the case has no resource policy that could be stored. */
async function compare(one: Case): Promise<Comparison | undefined> {
  const resourcePolicy = compileResourcePolicy(one);
  if (resourcePolicy === null) return undefined;
  const { verdict, ignoredKeys } = await askIndependent(one);
  const request = requestOf(one, resourcePolicy, ignoredKeys);
  const ours = simulate(request);
  const decision = decide(request);
  expect(decision.allowed ? null : decision.reason, "decide and simulate").toEqual(ours.denial);
  return { one, ours, theirs: verdict };
}

/**
 * The differences that explain a disagreement: none if there is none. Each is taken at its word: without what it is about both sides must
 * agree, or another difference must explain what is left.
 */
async function explain(compared: Comparison): Promise<readonly Difference[]> {
  const { one, ours, theirs } = compared;
  if (ours.decision === theirs) return [];
  for (const difference of differences) {
    if (!difference.explains(one, ours, theirs)) continue;
    const rest = difference.without(one);
    const again = rest === null ? undefined : await compare(rest);
    if (again === undefined) return [difference];
    if (JSON.stringify(rest) === JSON.stringify(one)) continue;
    return [difference, ...(await explain(again))];
  }
  throw new Error(`${ours.decision}, not ${theirs}, of ${JSON.stringify(compared, null, 1)}`);
}

/** SHERD_TEST_SEED, if it is set. */
export function seedOr(otherwise: number): number {
  return Number(process.env.SHERD_TEST_SEED ?? otherwise);
}

/**
 * Asks both implementations about random cases and expects that they agree, or that each disagreement is explained. Prints the seed, the
 * decisions and how often each difference was met; returns the names of those.
 */
export async function expectAgreement(caseCount: number, seed: number): Promise<ReadonlySet<string>> {
  const choices = new Choices(seed);
  const seen = new Map<string, number>();
  const verdicts = { allowed: 0, explicitDeny: 0, implicitDeny: 0 };
  console.log(`policies: seed ${seed}`);
  for (let count = 0; count < caseCount; ) {
    const compared = await compare(randomCase(choices));
    if (compared === undefined) continue;
    count++;
    verdicts[compared.ours.decision]++;
    for (const { name } of await explain(compared)) seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  console.log(`${JSON.stringify(verdicts)}; differences: ${JSON.stringify(Object.fromEntries(seen))}`);
  for (const [verdict, count] of Object.entries(verdicts)) expect(count, verdict).toBeGreaterThan(caseCount / 20);
  return new Set(seen.keys());
}
