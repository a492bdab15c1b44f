import { newKeyId, newSecret } from "../../../auth/keys/key-id.ts";
import { insertKey } from "../../../metadata/identities/keys.ts";
import { newKeyDocument } from "../model/documents.ts";
import { quotaExceeded } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { quotas } from "../model/quotas.ts";
import { keyOwner, ownerId } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** The answer is the only place where the secret is ever shown. What is stored is sealed and bound to the key's id. */
export const createAccessKey = operation({
  fields: { UserName: fields.userName },
  target: (call, { UserName }) => keyOwner(call, UserName),
  async run(call, _, target) {
    const { account, identities, nowMs, random, sealer } = call;
    const owner = ownerId(call, target);
    const existing = await identities.keys.ofOwner(owner);
    if (existing.length >= quotas.accessKeysPerUser) throw quotaExceeded("AccessKeysPerUser", quotas.accessKeysPerUser);
    const id = newKeyId("AKIA", account.id, random);
    const plain = newSecret(random);
    const secret = sealer.seal("access-key", id, plain);
    const key = { id, accountId: account.id, ownerId: owner, secret, createdMs: nowMs };
    await call.change([insertKey(key)]);
    return { AccessKey: newKeyDocument(key, plain, target.user?.entity?.name) };
  },
});
