import { federatedUserArn } from "../../../auth/principal.ts";
import { required, text } from "../../../protocols/aws-query/fields.ts";
import { sessionContext } from "../assume/session-context.ts";
import { credentialsDocument } from "../model/credentials.ts";
import * as fields from "../model/fields.ts";
import { packedPolicySize, sessionLimits, sessionTags } from "../model/session-limits.ts";
import { operation } from "../operation.ts";
import { durationOf, longLivedCaller } from "./long-lived-caller.ts";

/**
 * Temporary credentials for somebody whom the caller knows. They can do what both the caller and the session policies allow, and
 * nothing without session policies, except what resource policies grant them.
 */
export const getFederationToken = operation(
  {
    Name: required(text({ min: 2, max: 32, pattern: /^[\w+=,.@-]*$/ })),
    Policy: fields.policy,
    PolicyArns: fields.policyArns,
    DurationSeconds: fields.tokenDuration,
    Tags: fields.tags,
  },
  async (call, input) => {
    const self = longLivedCaller(call, "GetFederationToken");
    const { account } = self;
    const tags = sessionTags(input.Tags);
    const arn = federatedUserArn(account.id, input.Name);
    const context = sessionContext({ tags, transitiveTagKeys: [], durationSeconds: input.DurationSeconds }, null);
    const actions = ["sts:GetFederationToken", ...(tags.length > 0 ? ["sts:TagSession"] : [])];
    const ask = { resource: arn, resourceAccountId: null, context: (key: string) => context.get(key) };
    call.caller.demand(actions.map((action) => ({ ...ask, action })));
    const content = { ...(await sessionLimits(call.identities, account.id, input)), tags };
    const PackedPolicySize = packedPolicySize(content);
    const credentials = call.sessions.mint({
      ...content,
      accountId: account.id,
      owner: { kind: "federated", issuerId: self.userId, name: input.Name },
      issuedMs: call.nowMs,
      expiresMs: call.nowMs + durationOf(self, input.DurationSeconds) * 1000,
      sourceIdentity: null,
      transitiveTagKeys: [],
    });
    return {
      Credentials: credentialsDocument(credentials),
      FederatedUser: { FederatedUserId: `${account.id}:${input.Name}`, Arn: arn },
      PackedPolicySize,
    };
  },
);
