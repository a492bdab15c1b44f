import { AccessRefused, type Ask } from "../../../auth/access.ts";
import { RequestCaller } from "../../../auth/caller.ts";
import { assumedRoleArn } from "../../../auth/principal.ts";
import type { ProviderRow } from "../../../metadata/identities/providers.ts";
import { validationError } from "../../../protocols/aws-query/error.ts";
import { required, text } from "../../../protocols/aws-query/fields.ts";
import type { StsCall } from "../model/call.ts";
import { credentialsDocument } from "../model/credentials.ts";
import { accessDenied, invalidIdentityToken, invalidParameterValue } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { packedPolicySize, sessionLimits } from "../model/session-limits.ts";
import { claimContext, claimedSourceIdentity, claimedTags } from "../oidc/claims.ts";
import type { WebIdentity } from "../oidc/web-identities.ts";
import { operation } from "../operation.ts";
import { accountOfRole, type FoundRole, findRole } from "./find-role.ts";
import { type SessionRequest, sessionContext } from "./session-context.ts";

const DURATION_DEFAULT_SECONDS = 3_600;

/**
 * Temporary credentials of a role for whoever has a token of a provider that the role's account has registered, if the role's
 * trust policy allows it. The token is the proof: the request is not signed.
 *
 * Follows "AssumeRoleWithWebIdentity" in the STS API Reference.
 */
export const assumeRoleWithWebIdentity = operation(
  {
    RoleArn: fields.roleArn,
    RoleSessionName: fields.roleSessionName,
    WebIdentityToken: required(text({ min: 4, max: 20_000, secret: true })),
    ProviderId: text({ min: 4, max: 2_048 }),
    PolicyArns: fields.policyArns,
    Policy: fields.policy,
    DurationSeconds: fields.roleDuration,
  },
  async (call, input) => {
    const { identities, sessions, nowMs } = call;
    if (input.ProviderId !== undefined) {
      throw invalidParameterValue(
        "ProviderId is for OAuth 2.0 access tokens, which are not implemented by this server.",
      );
    }
    const { identity, provider } = await provenIdentity(call, accountOfRole(input.RoleArn), input.WebIdentityToken);
    const sourceIdentity = claimedSourceIdentity(identity);
    const request: SessionRequest = {
      ...claimedTags(identity),
      sessionName: input.RoleSessionName,
      sourceIdentity,
      durationSeconds: input.DurationSeconds,
    };
    const { role, account } = await permittedRole(call, { arn: input.RoleArn, identity, provider, request });
    const seconds = input.DurationSeconds ?? DURATION_DEFAULT_SECONDS;
    if (seconds > (role.maxSessionSeconds ?? DURATION_DEFAULT_SECONDS)) {
      throw validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    }
    const content = { ...(await sessionLimits(identities, account.id, input)), tags: request.tags };
    const PackedPolicySize = packedPolicySize(content);
    const credentials = sessions.mint({
      ...content,
      accountId: account.id,
      owner: {
        kind: "role",
        id: role.id,
        sessionName: input.RoleSessionName,
        federatedProvider: arnOf(provider),
      },
      issuedMs: nowMs,
      expiresMs: nowMs + seconds * 1000,
      sourceIdentity: sourceIdentity ?? null,
      transitiveTagKeys: request.transitiveTagKeys,
    });
    return {
      Credentials: credentialsDocument(credentials),
      SubjectFromWebIdentityToken: identity.subject,
      AssumedRoleUser: {
        AssumedRoleId: `${role.id}:${input.RoleSessionName}`,
        Arn: assumedRoleArn(account.id, role.name, input.RoleSessionName),
      },
      PackedPolicySize: PackedPolicySize === 0 ? undefined : PackedPolicySize,
      Provider: arnOf(provider),
      Audience: identity.audience,
      SourceIdentity: sourceIdentity,
    };
  },
);

/** Only issuers that the role's account has registered are ever asked for anything. */
async function provenIdentity(
  { identities, webIdentities, nowMs }: StsCall,
  accountId: string,
  token: string,
): Promise<{ identity: WebIdentity; provider: ProviderRow }> {
  const { issuer, url } = webIdentities.issuerOf(token);
  const provider = await identities.providers.find(accountId, url);
  if (provider === null) {
    throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  }
  return { identity: await webIdentities.verify(token, { issuer, provider, nowMs }), provider };
}

interface Wanted {
  readonly arn: string;
  readonly identity: WebIdentity;
  readonly provider: ProviderRow;
  readonly request: SessionRequest;
}

async function permittedRole(call: StsCall, { arn, identity, provider, request }: Wanted): Promise<FoundRole> {
  const found = await findRole(call.identities, arn);
  if (found === null) throw denied();
  const context = new Map([...sessionContext(request, found.role), ...claimContext(identity, provider.url)]);
  const ask = (action: string): Ask => ({
    action,
    resource: arn,
    resourceAccountId: found.account.id,
    resourcePolicy: found.trust,
    resourcePolicyMode: "required",
    context: (key) => context.get(key),
  });
  const asks = [ask("sts:AssumeRoleWithWebIdentity")];
  if (request.tags.length > 0) asks.push(ask("sts:TagSession"));
  if (request.sourceIdentity !== undefined) asks.push(ask("sts:SetSourceIdentity"));
  const principal = { kind: "webIdentity", providerArn: arnOf(provider) } as const;
  const caller = new RequestCaller({
    identity: { principal, identityPolicies: [] },
    accessKeyId: null,
    facts: call.facts,
  });
  try {
    caller.demand(asks);
  } catch (error) {
    throw error instanceof AccessRefused ? denied() : error;
  }
  return found;
}

/** Nothing more is told to a caller who proves no principal of AWS. */
function denied() {
  return accessDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

function arnOf({ accountId, url }: ProviderRow): string {
  return `arn:aws:iam::${accountId}:oidc-provider/${url}`;
}
