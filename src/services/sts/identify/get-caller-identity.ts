import { principalAccountId } from "../../../auth/policy/principal.ts";
import { userIdOf } from "../../../auth/principal.ts";
import { operation } from "../operation.ts";

/** Needs no permission: all who can sign may know who they are. */
export const getCallerIdentity = operation({}, async ({ caller: { principal } }) => ({
  UserId: userIdOf(principal),
  Account: principalAccountId(principal),
  Arn: "arn" in principal ? principal.arn : null,
}));
