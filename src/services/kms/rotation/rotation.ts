import { DAY_MS, keyringLimits, ROTATION_DAYS } from "../../../keyring/limits.ts";
import type { HeldKmsKey } from "../../../metadata/keyring/keys.ts";
import { insertMaterial, updateKey } from "../../../metadata/keyring/keys.ts";
import { text } from "../../../protocols/aws-json/fields.ts";
import type { KmsCall } from "../model/call.ts";
import { rotationDocument } from "../model/documents.ts";
import { kmsError } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { cutList } from "../model/pages.ts";
import { keyOperation } from "../operation.ts";

const PAGE_DEFAULT = 100;

/** EnableKeyRotation: the maintenance rotates the key when it is due. */
export const enableKeyRotation = keyOperation({
  fields: { RotationPeriodInDays: fields.rotationPeriod },
  use: ({ RotationPeriodInDays: days = ROTATION_DAYS.default }) => ({
    more: new Map([["kms:rotationperiodindays", `${days}`]]),
  }),
  async run(call, { RotationPeriodInDays }, held) {
    requireRotatable(call, held);
    const { key, epoch } = held;
    const rotationDays = RotationPeriodInDays ?? key.rotationDays ?? ROTATION_DAYS.default;
    const lastMs = held.materials.at(-1)?.createdMs ?? key.createdMs;
    // A period that is over already begins anew, so that nothing is rotated at once.
    const dueMs = lastMs + rotationDays * DAY_MS;
    const rotationMs = dueMs > call.nowMs ? dueMs : call.nowMs + rotationDays * DAY_MS;
    await call.change({ id: key.accountId, epoch }, [updateKey(key.id, { rotationDays, rotationMs })]);
    return null;
  },
});

export const disableKeyRotation = keyOperation({
  fields: {},
  async run(call, _input, held) {
    requireRotatable(call, held);
    const { key, epoch } = held;
    await call.change({ id: key.accountId, epoch }, [updateKey(key.id, { rotationDays: null, rotationMs: null })]);
    return null;
  },
});

/** RotateKeyOnDemand: done when it is answered. What older material encrypted opens as before. */
export const rotateKeyOnDemand = keyOperation({
  fields: {},
  async run(call, _input, held) {
    requireRotatable(call, held);
    const { key, epoch, materials } = held;
    const { onDemandRotations } = keyringLimits;
    if (materials.filter(({ rotation }) => rotation === "ON_DEMAND").length >= onDemandRotations) {
      throw kmsError("LimitExceededException", `A key may be rotated on demand ${onDemandRotations} times.`);
    }
    const number = key.material + 1;
    const next = call.keyring.materials.make({
      keyId: key.id,
      number,
      createdMs: call.nowMs,
      rotation: "ON_DEMAND",
    });
    const statements = [insertMaterial(next), updateKey(key.id, { material: number })];
    await call.change({ id: key.accountId, epoch }, statements);
    return { KeyId: call.keyring.arnOf(key) };
  },
});

/** GetKeyRotationStatus. A key that is to be deleted is not rotated. */
export const getKeyRotationStatus = keyOperation({
  fields: {},
  naming: { acrossAccounts: true },
  async run(call, _input, { key }) {
    if (key.externalStore !== null) throw notRotated();
    const isEnabled = key.rotationDays !== null && key.state !== "PendingDeletion";
    return {
      KeyId: call.keyring.arnOf(key),
      KeyRotationEnabled: isEnabled,
      ...(isEnabled && {
        RotationPeriodInDays: key.rotationDays,
        ...(key.rotationMs !== null && { NextRotationDate: new Date(key.rotationMs) }),
      }),
    };
  },
});

export const listKeyRotations = keyOperation({
  fields: { ...fields.page, IncludeKeyMaterial: text({ oneOf: ["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"] }) },
  async run(call, input, { key, materials }) {
    if (key.externalStore !== null) throw notRotated();
    const all = input.IncludeKeyMaterial === "ALL_KEY_MATERIAL";
    const shown = materials.filter(({ rotation }) => all || rotation !== null);
    const place = ({ number }: { number: number }) => `${number}`.padStart(10, "0");
    const { rows, end } = cutList(shown, { page: input, limit: input.Limit ?? PAGE_DEFAULT }, place);
    const arn = call.keyring.arnOf(key);
    return { Rotations: rows.map((material) => rotationDocument(material, key.material, arn)), ...end };
  },
});

function requireRotatable(call: KmsCall, held: HeldKmsKey): void {
  call.keyring.requireUsable(held);
  if (held.key.externalStore !== null) throw notRotated();
}

function notRotated() {
  return kmsError("UnsupportedOperationException", "A key in a custom key store is rotated there.");
}
