import { updateKey } from "../../../metadata/keyring/keys.ts";
import { required } from "../../../protocols/aws-json/fields.ts";
import * as fields from "../model/fields.ts";
import { requireNotPending } from "../model/targets.ts";
import { keyOperation } from "../operation.ts";

export const updateKeyDescription = keyOperation({
  fields: { Description: required(fields.description) },
  async run(call, { Description: description }, held) {
    requireNotPending(held, call);
    const { key, epoch } = held;
    await call.change({ id: key.accountId, epoch }, [updateKey(key.id, { description })]);
    return null;
  },
});
