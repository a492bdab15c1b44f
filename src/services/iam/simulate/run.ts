import type { Policy } from "../../../auth/policy/policy.ts";
import type { AccessRequest, NamedPolicy } from "../../../auth/policy/request.ts";
import { type MatchedStatement, type Simulation, simulate } from "../../../auth/policy/simulate.ts";
import type { QueryResult } from "../../../protocols/aws-query/answer.ts";
import { QueryError } from "../../../protocols/aws-query/error.ts";
import { list, required, text } from "../../../protocols/aws-query/fields.ts";
import { checkPolicy } from "../model/check-policy.ts";
import { invalidInput } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { contextEntries, simulatedContext } from "./context.ts";

/** Evaluations of one request: actions × resources. */
const EVALUATIONS_MAX = 2_000;

/** A policy that a simulation is given or finds, and how its answer names the source. */
export interface Source {
  readonly id: string;
  readonly type: "user" | "group" | "role" | "user-managed" | "aws-managed" | "resource" | "none";
  readonly policy: Policy;
}

/** Parameters that both simulations have. */
export const simulationFields = {
  PermissionsBoundaryPolicyInputList: list(fields.policyDocument, { max: 1 }),
  ActionNames: list(required(text({ min: 3, max: 128 })), { min: 1, max: 200 }),
  ResourceArns: list(text({ min: 1, max: 2_048 }), { max: 200 }),
  ResourcePolicy: fields.policyDocument,
  ResourceOwner: text({ min: 1, max: 2_048 }),
  CallerArn: text({ min: 1, max: 2_048 }),
  ContextEntries: contextEntries,
  ResourceHandlingOption: text({ min: 1, max: 64 }),
  ...fields.page,
};

export interface SimulationInput {
  readonly ActionNames: readonly string[];
  readonly ResourceArns: readonly string[];
  readonly ContextEntries: Parameters<typeof simulatedContext>[0];
  readonly Marker: string | undefined;
  readonly MaxItems: number | undefined;
}

/** Who is simulated, and what holds for them. */
export interface Subject {
  readonly principal: AccessRequest["principal"];
  readonly identity: readonly Source[];
  readonly boundary: Source | null;
  readonly resource: Source | null;
  readonly resourceAccountId: string | null;
  readonly nowMs: number;
}

/** The policies of a list parameter. `name`: as the answer calls them, `PolicyInputList`. */
export function inputPolicies(name: string, documents: readonly string[]): Source[] {
  return documents.map((document, index) => ({
    id: `${name}.${index + 1}`,
    type: "none",
    policy: checkInput(document, { kind: "identity" }),
  }));
}

/** A malformed policy is InvalidInput here. */
export function checkInput(document: string, place: Parameters<typeof checkPolicy>[1]): Policy {
  try {
    return checkPolicy(document, place);
  } catch (error) {
    if (error instanceof QueryError) throw invalidInput(`Invalid Input Policy: ${error.message}`);
    throw error;
  }
}

/** The account of `ResourceOwner`: an ARN or 12 digits. */
export function resourceOwnerId(owner: string | undefined): string | null {
  if (owner === undefined) return null;
  const id = /^\d{12}$/.test(owner) ? owner : /^arn:aws:iam::(\d{12}):root$/.exec(owner)?.[1];
  if (id === undefined) throw invalidInput("Invalid Resource Owner.");
  return id;
}

/** Decides each action on each resource by the evaluator that decides real requests. */
export function simulateAll(input: SimulationInput, subject: Subject): QueryResult {
  const resources = input.ResourceArns.length === 0 ? ["*"] : input.ResourceArns;
  if (input.ActionNames.length * resources.length > EVALUATIONS_MAX) {
    throw invalidInput(`A simulation may have ${EVALUATIONS_MAX} pairs of action and resource.`);
  }
  for (const action of input.ActionNames) {
    if (!/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action)) throw invalidInput(`Invalid Action: ${action}`);
  }
  const [after = "0"] = decodeMarker(input.Marker, 1) ?? [];
  const limit = pageSize(input.MaxItems);
  const pairs = input.ActionNames.flatMap((action) => resources.map((resource) => ({ action, resource })));
  const numbered = pairs.map((pair, index) => ({ ...pair, number: index + 1 })).slice(Number(after) || 0);
  const { rows, end } = cutPage(numbered, limit, ({ number }) => [`${number}`]);
  const context = simulatedContext(input.ContextEntries);
  const results = rows.map(({ action, resource }) => {
    const simulation = simulate({
      principal: subject.principal,
      action,
      resource,
      resourceAccountId: subject.resourceAccountId,
      context,
      now: subject.nowMs,
      identityPolicies: subject.identity.map(named),
      permissionsBoundary: subject.boundary === null ? undefined : named(subject.boundary),
      resourcePolicy: subject.resource?.policy,
    });
    return resultDocument({ action, resource }, simulation, subject);
  });
  return { EvaluationResults: results, ...end };
}

function named({ id, policy }: Source): NamedPolicy {
  return { name: id, policy };
}

function resultDocument(
  { action, resource }: { action: string; resource: string },
  simulation: Simulation,
  subject: Subject,
): QueryResult {
  const { layers } = simulation;
  const boundary = layers.get("boundary");
  const allowedByBoundary = boundary === undefined ? undefined : boundary === "allowed";
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: simulation.decision,
    MatchedStatements: simulation.matchedStatements.map((match) => statementDocument(match, subject)),
    MissingContextValues: simulation.missingContextValues,
    PermissionsBoundaryDecisionDetail:
      allowedByBoundary === undefined ? undefined : { AllowedByPermissionsBoundary: allowedByBoundary },
    ...(subject.resource === null
      ? {}
      : { EvalDecisionDetails: new Map([...layers].map(([layer, decision]) => [detailNames[layer], decision])) }),
  };
}

const detailNames = {
  identity: "IAM Policy",
  resource: "Resource Policy",
  boundary: "Permissions Boundary Policy",
  session: "Session Policy",
} as const;

const typeNames: Readonly<Record<Source["type"], string>> = {
  user: "IAM Policy",
  group: "IAM Policy",
  role: "IAM Policy",
  "user-managed": "IAM Policy",
  "aws-managed": "IAM Policy",
  resource: "Resource Policy",
  none: "IAM Policy",
};

function statementDocument(match: MatchedStatement, subject: Subject): QueryResult {
  const all = [...subject.identity, ...(subject.boundary === null ? [] : [subject.boundary])];
  const source = match.layer === "resource" ? subject.resource : all.find(({ id }) => id === match.policy);
  return {
    SourcePolicyId: source?.id ?? match.policy,
    SourcePolicyType: source === undefined || source === null ? "none" : typeNames[source.type],
    StartPosition: { Line: match.start.line, Column: match.start.column },
    EndPosition: { Line: match.end.line, Column: match.end.column },
  };
}
