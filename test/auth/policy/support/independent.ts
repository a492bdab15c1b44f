import { anonymousPrincipal, runSimulation } from "@cloud-copilot/iam-simulate";
import type { PolicyPrincipal } from "../../../../src/auth/policy/principal.ts";
import { type Case, now } from "./cases.ts";

export type Verdict = "allowed" | "explicitDeny" | "implicitDeny";

/** What `@cloud-copilot/iam-simulate` says of a case. */
export interface IndependentAnswer {
  readonly verdict: Verdict;
  /** Keys of the context that it leaves out because the action does not have them, in lower case. */
  readonly ignoredKeys: readonly string[];
}

const verdicts: Record<string, Verdict> = {
  Allowed: "allowed",
  ExplicitlyDenied: "explicitDeny",
  ImplicitlyDenied: "implicitDeny",
};

/** Asks the independent implementation. It derives no condition key from the principal, so it is told them. */
export async function askIndependent(one: Case): Promise<IndependentAnswer> {
  const answer = await runSimulation(
    {
      request: {
        principal: nameOf(one.principal),
        action: one.action,
        resource: { resource: one.resource, accountId: one.resourceAccountId },
        contextVariables: { ...keysOf(one), ...one.context } as Record<string, string | string[]>,
      },
      identityPolicies: one.identityPolicies.map((policy, index) => ({ name: `identity-${index}`, policy })),
      sessionPolicy: one.session ?? undefined,
      ...(one.boundary === null ? {} : { permissionBoundaryPolicies: [{ name: "boundary", policy: one.boundary }] }),
      resourcePolicy: one.resourcePolicy ?? undefined,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType !== "single")
    throw new Error(`not simulated: ${JSON.stringify(answer)} ${JSON.stringify(one)}`);
  const ignored = answer.result.ignoredContextKeys ?? [];
  return {
    verdict: verdicts[answer.overallResult] as Verdict,
    ignoredKeys: ignored.map((key) => key.toLowerCase()),
  };
}

function nameOf(principal: PolicyPrincipal) {
  switch (principal.kind) {
    case "anonymous":
      return anonymousPrincipal;
    case "service":
      return principal.service;
    case "webIdentity":
      return principal.providerArn;
    default:
      return principal.arn;
  }
}

/** The keys of the table "Principal key values" in the IAM User Guide, written down a second time. */
function keysOf({ principal, resourceAccountId }: Case): Record<string, string> {
  const keys: Record<string, string> = {
    "aws:CurrentTime": new Date(now).toISOString(),
    "aws:ResourceAccount": resourceAccountId,
  };
  switch (principal.kind) {
    case "root":
      Object.assign(keys, { "aws:PrincipalType": "Account", "aws:userid": principal.accountId });
      break;
    case "user":
      Object.assign(keys, {
        "aws:PrincipalType": "User",
        "aws:userid": principal.uniqueId,
        "aws:username": principal.name,
      });
      break;
    case "roleSession":
      Object.assign(keys, {
        "aws:PrincipalType": "AssumedRole",
        "aws:userid": `${principal.roleUniqueId}:${principal.sessionName}`,
      });
      break;
    case "federatedUser":
      Object.assign(keys, {
        "aws:PrincipalType": "FederatedUser",
        "aws:userid": `${principal.accountId}:${principal.name}`,
      });
      break;
    case "anonymous":
      Object.assign(keys, { "aws:PrincipalType": "Anonymous", "aws:userid": "anonymous" });
      break;
  }
  if ("arn" in principal) {
    keys["aws:PrincipalArn"] = principal.kind === "roleSession" ? principal.roleArn : principal.arn;
    for (const [key, value] of principal.tags ?? []) keys[`aws:PrincipalTag/${key}`] = value;
  }
  return keys;
}
