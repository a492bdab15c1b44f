import { DAY_MS, DELETION_DAYS } from "../../../keyring/limits.ts";
import { updateKey } from "../../../metadata/keyring/keys.ts";
import { integer } from "../../../protocols/aws-json/fields.ts";
import { kmsError } from "../model/errors.ts";
import { requireNotPending } from "../model/targets.ts";
import { keyOperation } from "../operation.ts";

function setEnabled(state: "Enabled" | "Disabled") {
  return keyOperation({
    fields: {},
    async run(call, _input, held) {
      requireNotPending(held, call);
      const { key, epoch } = held;
      if (key.state !== state) await call.change({ id: key.accountId, epoch }, [updateKey(key.id, { state })]);
      return null;
    },
  });
}

export const enableKey = setEnabled("Enabled");
export const disableKey = setEnabled("Disabled");

/** ScheduleKeyDeletion. Rotation by itself ends, as at AWS. */
export const scheduleKeyDeletion = keyOperation({
  fields: { PendingWindowInDays: integer({ min: DELETION_DAYS.min, max: DELETION_DAYS.max }) },
  use: ({ PendingWindowInDays: days = DELETION_DAYS.default }) => ({
    more: new Map([["kms:schedulekeydeletionpendingwindowindays", `${days}`]]),
  }),
  async run(call, { PendingWindowInDays: days = DELETION_DAYS.default }, held) {
    requireNotPending(held, call);
    const { key, epoch } = held;
    const deletionMs = call.nowMs + days * DAY_MS;
    const pending = { state: "PendingDeletion", deletionMs, deletionDays: days, condemnedMs: null } as const;
    await call.change({ id: key.accountId, epoch }, [updateKey(key.id, pending)]);
    return {
      KeyId: call.keyring.arnOf(key),
      DeletionDate: new Date(deletionMs),
      KeyState: "PendingDeletion",
      PendingWindowInDays: days,
    };
  },
});

/** CancelKeyDeletion. The key is disabled then. */
export const cancelKeyDeletion = keyOperation({
  fields: {},
  async run(call, _input, { key, epoch }) {
    const arn = call.keyring.arnOf(key);
    if (key.state !== "PendingDeletion") {
      throw kmsError("KMSInvalidStateException", `${arn} is not pending deletion.`);
    }
    const kept = { state: "Disabled", deletionMs: null, deletionDays: null, condemnedMs: null } as const;
    await call.change({ id: key.accountId, epoch }, [updateKey(key.id, kept)]);
    return { KeyId: arn };
  },
});
