import type { ListedKey } from "../../../metadata/identities/keys.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { entityArn, iamArn } from "../model/arns.ts";
import { noSuchEntity } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { operation, type Target } from "../operation.ts";

interface KeyTarget extends Target {
  readonly key: ListedKey | null;
  readonly userName: string | undefined;
}

/** Uses are noted now and then, so the time may be some minutes old. */
export const getAccessKeyLastUsed = operation({
  fields: { AccessKeyId: required(fields.accessKeyId) },
  async target(call, { AccessKeyId }): Promise<KeyTarget> {
    const { account, identities } = call;
    const key = await identities.keys.find(AccessKeyId);
    if (key === null || key.accountId !== account.id)
      return { arn: iamArn(account.id, "user/*"), key: null, userName: undefined };
    const user = key.ownerId === account.id ? null : await identities.entities.findById(key.ownerId);
    if (user === null) return { arn: iamArn(account.id, "root"), key, userName: undefined };
    return { arn: entityArn(user), key, userName: user.name, tags: user.tags };
  },
  async run(_call, { AccessKeyId }, { key, userName }) {
    if (key === null) throw noSuchEntity(`The Access Key with id ${AccessKeyId} cannot be found.`);
    const { usedMs, usedService, usedRegion } = key;
    const used = usedMs === null ? {} : { LastUsedDate: new Date(usedMs) };
    const where = { ServiceName: usedService ?? "N/A", Region: usedRegion ?? "N/A" };
    return { UserName: userName, AccessKeyLastUsed: { ...used, ...where } };
  },
});
