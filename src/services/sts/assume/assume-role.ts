import type { Ask, Caller } from "../../../auth/access.ts";
import { AccessRefused } from "../../../auth/access.ts";
import { assumedRoleArn } from "../../../auth/principal.ts";
import { QueryError, validationError } from "../../../protocols/aws-query/error.ts";
import { list, structure, text } from "../../../protocols/aws-query/fields.ts";
import type { StsCall } from "../model/call.ts";
import { credentialsDocument } from "../model/credentials.ts";
import { accessDenied, invalidParameterValue, refuseSecondFactor } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { packedPolicySize, sessionLimits, sessionTags } from "../model/session-limits.ts";
import { operation } from "../operation.ts";
import { accountOfRole, type FoundRole, findRole } from "./find-role.ts";
import { type SessionRequest, sessionContext } from "./session-context.ts";

const DURATION_DEFAULT_SECONDS = 3_600;
/** Of a session that another role's session asks for. */
const CHAINED_DURATION_MAX_SECONDS = 3_600;

/**
 * Temporary credentials of a role. The role's trust policy must allow it; of another account, the caller's own policies too.
 *
 * Follows "AssumeRole" in the STS API Reference and "Passing session tags" in the IAM User Guide.
 */
export const assumeRole = operation(
  {
    RoleArn: fields.roleArn,
    RoleSessionName: fields.roleSessionName,
    PolicyArns: fields.policyArns,
    Policy: fields.policy,
    DurationSeconds: fields.roleDuration,
    Tags: fields.tags,
    TransitiveTagKeys: fields.tagKeys,
    ExternalId: fields.externalId,
    SourceIdentity: fields.sourceIdentity,
    ProvidedContexts: list(structure({ ProviderArn: text() }), { max: 5 }),
    ...fields.secondFactor,
  },
  async (call, input) => {
    const { caller, identities, sessions, nowMs } = call;
    refuseSecondFactor(input);
    if (input.ProvidedContexts.length > 0) {
      throw new QueryError("InvalidContextAssertion", 400, "ProvidedContexts are not implemented by this server.");
    }
    if (caller.principal.kind === "root") throw accessDenied("Roles may not be assumed by root accounts.");
    if (caller.principal.kind === "federatedUser") throw accessDenied("Cannot call AssumeRole as a federated user.");
    const tags = sessionTags(input.Tags);
    const inherited = inheritedTags(caller, tags);
    const transitiveTagKeys = transitiveKeys(input.TransitiveTagKeys, tags);
    const sourceIdentity = caller.session?.sourceIdentity ?? input.SourceIdentity;
    const request: SessionRequest = {
      sessionName: input.RoleSessionName,
      externalId: input.ExternalId,
      sourceIdentity,
      durationSeconds: input.DurationSeconds,
      tags,
      transitiveTagKeys,
    };
    const { role, account } = await permittedRole(call, input.RoleArn, request);
    if (input.SourceIdentity !== undefined && input.SourceIdentity !== sourceIdentity) {
      throw accessDenied("The source identity of a session cannot be changed by a session that follows from it.");
    }
    const seconds = durationOf(caller, input.DurationSeconds, role.maxSessionSeconds ?? DURATION_DEFAULT_SECONDS);
    const limits = await sessionLimits(identities, account.id, input);
    const content = { ...limits, tags: [...inherited, ...tags] };
    const PackedPolicySize = packedPolicySize(content);
    const credentials = sessions.mint({
      ...content,
      accountId: account.id,
      owner: { kind: "role", id: role.id, sessionName: input.RoleSessionName },
      issuedMs: nowMs,
      expiresMs: nowMs + seconds * 1000,
      sourceIdentity: sourceIdentity ?? null,
      transitiveTagKeys: [...inherited.map(([key]) => key), ...transitiveTagKeys],
    });
    return {
      Credentials: credentialsDocument(credentials),
      AssumedRoleUser: {
        AssumedRoleId: `${role.id}:${input.RoleSessionName}`,
        Arn: assumedRoleArn(account.id, role.name, input.RoleSessionName),
      },
      PackedPolicySize: PackedPolicySize === 0 ? undefined : PackedPolicySize,
      SourceIdentity: sourceIdentity,
    };
  },
);

/** The role, if the caller may assume it so. A role that does not exist is denied like one that may not be assumed. */
async function permittedRole(
  { caller, identities }: StsCall,
  arn: string,
  request: SessionRequest,
): Promise<FoundRole> {
  const found = await findRole(identities, arn);
  const context = sessionContext(request, found?.role ?? null);
  const ask = (action: string): Ask => ({
    action,
    resource: arn,
    resourceAccountId: accountOfRole(arn),
    resourcePolicy: found?.trust,
    resourcePolicyMode: "required",
    context: (key) => context.get(key),
  });
  const asks = [ask("sts:AssumeRole")];
  if (request.tags.length > 0) asks.push(ask("sts:TagSession"));
  if (request.sourceIdentity !== undefined) asks.push(ask("sts:SetSourceIdentity"));
  if (found === null) {
    const reason = { kind: "implicitDeny", layer: "resource" } as const;
    throw new AccessRefused(ask("sts:AssumeRole"), { allowed: false, reason }, caller.principal);
  }
  caller.demand(asks);
  return found;
}

/** Tags that the caller's session hands on. They cannot be set again. */
function inheritedTags(caller: Caller, given: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const keys = caller.session?.transitiveTagKeys.map((key) => key.toLowerCase()) ?? [];
  if (given.some(([key]) => keys.includes(key.toLowerCase()))) {
    throw invalidParameterValue(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const own = "tags" in caller.principal ? [...(caller.principal.tags ?? [])] : [];
  return own.filter(([key]) => keys.includes(key.toLowerCase()));
}

function transitiveKeys(wanted: readonly string[], tags: readonly (readonly [string, string])[]): string[] {
  const keys = tags.map(([key]) => key.toLowerCase());
  if (wanted.every((key) => keys.includes(key.toLowerCase()))) return [...wanted];
  throw invalidParameterValue("The specified transitive tag key must be included in the requested tags.");
}

function durationOf(caller: Caller, wanted: number | undefined, roleMax: number): number {
  const isChained = caller.principal.kind === "roleSession";
  if (isChained && (wanted ?? 0) > CHAINED_DURATION_MAX_SECONDS) {
    throw validationError(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  }
  if ((wanted ?? 0) > roleMax) {
    throw validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return wanted ?? DURATION_DEFAULT_SECONDS;
}
