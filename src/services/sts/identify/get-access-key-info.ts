import { accountOfKeyId } from "../../../auth/keys/key-id.ts";
import { principalAccountId } from "../../../auth/policy/principal.ts";
import { validationError } from "../../../protocols/aws-query/error.ts";
import { required, text } from "../../../protocols/aws-query/fields.ts";
import { operation } from "../operation.ts";

/** Says whose account a key id is of, and nothing about whether the key is valid. */
export const getAccessKeyInfo = operation(
  { AccessKeyId: required(text({ min: 16, max: 128, pattern: /^\w*$/ })) },
  async ({ caller, identities }, { AccessKeyId }) => {
    caller.demand([{ action: "sts:GetAccessKeyInfo", resource: "*", resourceAccountId: null }]);
    if (AccessKeyId === caller.accessKeyId) return { Account: principalAccountId(caller.principal) };
    const key = await identities.keys.find(AccessKeyId);
    const accountId = key?.accountId ?? accountOfKeyId(AccessKeyId);
    if (accountId === null) throw validationError("The access key id is none of this server's.");
    return { Account: accountId };
  },
);
