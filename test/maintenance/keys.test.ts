import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkStore } from "../../src/maintenance/check/check.ts";
import { CONDEMNED_MS, keys } from "../../src/maintenance/keys/keys.ts";
import { rootSealer } from "../../src/sealing/root-sealer.ts";
import { KmsRig } from "../services/kms/support/kms.ts";
import { ENDLESS } from "./support/rig.ts";

const DAY = 86_400_000;
const OLD = "a root secret of a test";

let rig: KmsRig;
beforeEach(async () => {
  rig = await KmsRig.open();
});
afterEach(() => rig.dispose());

async function run(secrets = [OLD], cursor: unknown = null) {
  const { store } = rig.test;
  return keys.run({ ...store, keySealers: [rootSealer(secrets, store.random)] }, ENDLESS, cursor);
}

/** What a check says of keys. */
async function verify(secrets: string[]) {
  const { store } = rig.test;
  const sealers = { keySealers: [rootSealer(secrets, store.random)] as const };
  const { counts, findings } = await checkStore({ ...store, ...sealers }, null, ENDLESS);
  const { keysUnderOldRoot } = counts;
  return { keysUnderOldRoot, findings: findings.filter(({ kind }) => kind === "key-without-root") };
}

async function stateOf(KeyId: string): Promise<string> {
  const { code, result } = await rig.call(rig.root(), "DescribeKey", { KeyId });
  return code || result.KeyMetadata.KeyState;
}

describe("a key that is to be deleted", () => {
  it("ends a day after its waiting period, with all that belongs to it", { tags: ["slow"] }, async () => {
    const KeyId = await rig.key();
    const kept = await rig.key();
    await rig.ok("CreateAlias", { AliasName: "alias/gone", TargetKeyId: KeyId });
    await rig.ok("CreateGrant", {
      KeyId,
      GranteePrincipal: "arn:aws:iam::100000000001:user/ann",
      Operations: ["Decrypt"],
    });
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, Plaintext: "YQ==" });
    await rig.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    await rig.clock.advance(7 * DAY - 1);
    expect((await run()).report).toMatchObject({ condemnedKeys: 0, deletedKeys: 0 });
    await rig.clock.advance(1);
    expect((await run()).report).toMatchObject({ condemnedKeys: 1, deletedKeys: 0 });
    await rig.clock.advance(CONDEMNED_MS - 1);
    expect((await run()).report).toMatchObject({ condemnedKeys: 0, deletedKeys: 0 });
    expect(await stateOf(KeyId)).toBe("PendingDeletion");
    await rig.clock.advance(1);
    expect((await run()).report).toMatchObject({ deletedKeys: 1 });
    expect(await stateOf(KeyId)).toBe("NotFoundException");
    expect(await rig.code(rig.root(), "Decrypt", { CiphertextBlob })).toBe("AccessDeniedException");
    expect(JSON.stringify(await rig.contents())).not.toContain(KeyId);
    expect((await rig.ok("ListKeys")).Keys).toMatchObject([{ KeyId: kept }]);
  });

  it("survives a clock that jumps ahead and is put right", async () => {
    const KeyId = await rig.key();
    await rig.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 30 });
    const rightMs = rig.clock.now();
    const { store } = rig.test;
    const at = (nowMs: number) => keys.run({ ...store, clock: { ...store.clock, now: () => nowMs } }, ENDLESS, null);
    expect((await at(rightMs + 40 * DAY)).report).toMatchObject({ condemnedKeys: 1, deletedKeys: 0 });
    expect((await at(rightMs + DAY)).report).toMatchObject({ condemnedKeys: 0, deletedKeys: 0 });
    // It is due in truth, and found so for the first time since.
    expect((await at(rightMs + 30 * DAY)).report).toMatchObject({ condemnedKeys: 1, deletedKeys: 0 });
    expect((await at(rightMs + 31 * DAY)).report).toMatchObject({ deletedKeys: 1 });
  });

  it("stays if it is saved at the last moment", { tags: ["slow"] }, async () => {
    const KeyId = await rig.key();
    await rig.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    await rig.clock.advance(7 * DAY);
    await run();
    await rig.ok("CancelKeyDeletion", { KeyId });
    await rig.clock.advance(CONDEMNED_MS);
    expect((await run()).report).toMatchObject({ condemnedKeys: 0, deletedKeys: 0 });
    expect(await stateOf(KeyId)).toBe("Disabled");
  });
});

describe("rotation by itself", () => {
  it("is done when it is due, and what was encrypted before opens", async () => {
    const KeyId = await rig.key();
    await rig.ok("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, Plaintext: "YQ==" });
    await rig.clock.advance(90 * DAY - 1);
    expect((await run()).report).toMatchObject({ rotatedKeys: 0 });
    await rig.clock.advance(1);
    expect((await run()).report).toMatchObject({ rotatedKeys: 1 });
    expect((await run()).report).toMatchObject({ rotatedKeys: 0 });
    expect((await rig.ok("ListKeyRotations", { KeyId })).Rotations).toMatchObject([{ RotationType: "AUTOMATIC" }]);
    const next = (rig.clock.now() + 90 * DAY) / 1000;
    expect(await rig.ok("GetKeyRotationStatus", { KeyId })).toMatchObject({ NextRotationDate: next });
    expect((await rig.ok("Decrypt", { CiphertextBlob })).Plaintext).toBe("YQ==");
  });

  it("leaves disabled keys alone", async () => {
    const KeyId = await rig.key();
    await rig.ok("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
    await rig.ok("DisableKey", { KeyId });
    await rig.clock.advance(90 * DAY);
    expect((await run()).report).toMatchObject({ rotatedKeys: 0 });
  });
});

describe("a new root secret", () => {
  it("seals all materials again, and then the old one may go", { tags: ["slow"] }, async () => {
    const KeyId = await rig.key();
    await rig.ok("RotateKeyOnDemand", { KeyId });
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, Plaintext: "YQ==" });
    expect(await verify(["new", OLD])).toEqual({ keysUnderOldRoot: 2, findings: [] });
    expect((await verify(["new"])).findings).toHaveLength(2);
    expect((await run(["new", OLD])).report).toMatchObject({ resealedMaterials: 2, unreadableMaterials: 0 });
    expect((await run(["new", OLD])).report).toMatchObject({ resealedMaterials: 0 });
    expect(await verify(["new"])).toEqual({ keysUnderOldRoot: 0, findings: [] });
    const after = await KmsRig.open({ beside: rig, rootSecrets: ["new"] });
    expect((await after.ok("Decrypt", { CiphertextBlob })).Plaintext).toBe("YQ==");
    const { store } = rig.test;
    const [access, root] = [rootSealer(["new"], store.random), rootSealer(["a root key"], store.random)];
    const moved = await keys.run({ ...store, keySealers: [root, access] }, ENDLESS, null);
    expect(moved.report).toMatchObject({ resealedMaterials: 2, unreadableMaterials: 0 });
    expect((await run(["newer", "lost"])).report).toMatchObject({ resealedMaterials: 0, unreadableMaterials: 2 });
  });
});
