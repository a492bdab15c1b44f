import { bindPrincipals } from "../../../auth/policy-principals.ts";
import { defaultKeyPolicy } from "../../../keyring/default-policies.ts";
import { keyringLimits } from "../../../keyring/limits.ts";
import { newKeyId } from "../../../keyring/new-key.ts";
import { insertKmsKey, insertMaterial, type KmsKeyRow } from "../../../metadata/keyring/keys.ts";
import { flag, text } from "../../../protocols/aws-json/fields.ts";
import type { KmsCall } from "../model/call.ts";
import { keyMetadata, SYMMETRIC } from "../model/documents.ts";
import { invalidParameter, kmsError, unsupported } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { checkKeyPolicy } from "../model/policy.ts";
import { mergeTags, tagFacts } from "../model/tags.ts";
import { askForAll } from "../model/targets.ts";
import { operation } from "../operation.ts";

interface CreateKeyInput {
  readonly KeyUsage: string | undefined;
  readonly KeySpec: string | undefined;
  readonly CustomerMasterKeySpec: string | undefined;
  readonly MultiRegion: boolean | undefined;
  readonly Origin: string | undefined;
  readonly CustomKeyStoreId: string | undefined;
  readonly XksKeyId: string | undefined;
}

/** CreateKey: a symmetric key, whose material is made here or which a configured store holds. */
export const createKey = operation({
  fields: {
    Policy: fields.policy,
    Description: fields.description,
    KeyUsage: text({ max: 64 }),
    CustomerMasterKeySpec: text({ max: 64 }),
    KeySpec: text({ max: 64 }),
    Origin: text({ oneOf: ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"] }),
    CustomKeyStoreId: text({ min: 1, max: 64 }),
    /** AWS takes no colons and slashes; an ARN of AWS KMS has both. */
    XksKeyId: text({ min: 1, max: 512, pattern: /^[a-zA-Z0-9:/._-]+$/ }),
    BypassPolicyLockoutSafetyCheck: flag(),
    Tags: fields.tags,
    MultiRegion: flag(),
  },
  target: ({ keyring }) => ({ id: newKeyId(keyring.random) }),
  asks: (_call, input, { action }) => {
    const facts = tagFacts(input.Tags ?? []);
    facts.set("kms:keyspec", input.KeySpec ?? input.CustomerMasterKeySpec ?? SYMMETRIC);
    facts.set("kms:keyusage", input.KeyUsage ?? "ENCRYPT_DECRYPT");
    facts.set("kms:keyorigin", input.Origin ?? "AWS_KMS");
    facts.set("kms:multiregion", `${input.MultiRegion ?? false}`);
    facts.set("kms:bypasspolicylockoutsafetycheck", `${input.BypassPolicyLockoutSafetyCheck ?? false}`);
    const actions = input.Tags === undefined || input.Tags.length === 0 ? [action] : [action, "kms:TagResource"];
    return actions.map((one) => askForAll(one, facts));
  },
  async run(call, input, { id }) {
    refuseUnbuilt(input);
    const elsewhere = heldElsewhere(call, input);
    const tags = mergeTags([], input.Tags ?? []);
    const account = await call.account();
    if (account.keys >= keyringLimits.keysPerAccount) {
      throw kmsError("LimitExceededException", `An account may have ${keyringLimits.keysPerAccount} keys at the most.`);
    }
    const key: KmsKeyRow = {
      id,
      accountId: call.accountId,
      manager: "CUSTOMER",
      state: "Enabled",
      createdMs: call.nowMs,
      description: input.Description ?? "",
      policy: input.Policy ?? defaultKeyPolicy(call.accountId),
      tags,
      material: elsewhere === null ? 1 : 0,
      externalStore: elsewhere?.store ?? null,
      externalKey: elsewhere?.key ?? null,
      ...{ rotationDays: null, rotationMs: null, deletionMs: null, deletionDays: null, condemnedMs: null },
    };
    const first = { keyId: id, number: 1, createdMs: call.nowMs, rotation: null };
    const materials = elsewhere === null ? [call.keyring.materials.make(first)] : [];
    const held = { key, materials, grants: [], aliases: [], epoch: account.epoch };
    checkKeyPolicy(call, held, { mayLockOut: input.BypassPolicyLockoutSafetyCheck ?? false });
    const policy = await bindPrincipals(call.entities, key.policy);
    const statements = [...insertKmsKey({ ...key, policy }), ...materials.map(insertMaterial)];
    await call.change({ id: call.accountId, epoch: account.epoch }, statements);
    return { KeyMetadata: keyMetadata(held, call.keyring) };
  },
});

function refuseUnbuilt(input: CreateKeyInput): void {
  const { KeyUsage = "ENCRYPT_DECRYPT", KeySpec, CustomerMasterKeySpec, MultiRegion, Origin = "AWS_KMS" } = input;
  if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined) {
    throw invalidParameter("You cannot specify KeySpec and CustomerMasterKeySpec in the same request.");
  }
  const spec = KeySpec ?? CustomerMasterKeySpec ?? SYMMETRIC;
  if (spec !== SYMMETRIC) throw unsupported(`KeySpec ${spec}`);
  if (KeyUsage !== "ENCRYPT_DECRYPT") throw unsupported(`KeyUsage ${KeyUsage}`);
  if (MultiRegion === true) throw unsupported("MultiRegion");
  if (Origin === "EXTERNAL" || Origin === "AWS_CLOUDHSM") throw unsupported(`Origin ${Origin}`);
}

/** Where the key is held, if not here. An account may use the stores that the configuration gives it. */
function heldElsewhere(
  { keyring, accountId }: KmsCall,
  { Origin, CustomKeyStoreId, XksKeyId }: CreateKeyInput,
): { store: string; key: string } | null {
  if (Origin !== "EXTERNAL_KEY_STORE") {
    if (CustomKeyStoreId === undefined && XksKeyId === undefined) return null;
    throw invalidParameter("CustomKeyStoreId and XksKeyId belong to Origin EXTERNAL_KEY_STORE.");
  }
  if (CustomKeyStoreId === undefined || XksKeyId === undefined) {
    throw invalidParameter("Origin EXTERNAL_KEY_STORE needs CustomKeyStoreId and XksKeyId.");
  }
  if (keyring.external.get(CustomKeyStoreId)?.accounts.includes(accountId)) {
    return { store: CustomKeyStoreId, key: XksKeyId };
  }
  throw kmsError("CustomKeyStoreNotFoundException", `There is no custom key store ${CustomKeyStoreId}.`);
}
