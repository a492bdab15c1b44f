import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KmsRig } from "./support/kms.ts";

let rig: KmsRig;
beforeEach(async () => {
  rig = await KmsRig.open();
});
afterEach(() => rig.dispose());

const code = (operation: string, input: object = {}) => rig.code(rig.root(), operation, input);
const unknownKey = "11111111-2222-4333-8444-555555555555";

describe("keys", () => {
  it("are as they were made", async () => {
    const Tags = [{ TagKey: "team", TagValue: "blue" }];
    const { KeyMetadata } = await rig.ok("CreateKey", { Description: "for backups", Tags });
    expect(KeyMetadata).toEqual({
      AWSAccountId: "100000000001",
      KeyId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      Arn: `arn:aws:kms:us-east-1:100000000001:key/${KeyMetadata.KeyId}`,
      CreationDate: Date.UTC(2026, 10, 29, 6) / 1000,
      Enabled: true,
      Description: "for backups",
      KeyUsage: "ENCRYPT_DECRYPT",
      KeyState: "Enabled",
      Origin: "AWS_KMS",
      KeyManager: "CUSTOMER",
      CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
      KeySpec: "SYMMETRIC_DEFAULT",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
      MultiRegion: false,
      CurrentKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    for (const KeyId of [KeyMetadata.KeyId, KeyMetadata.Arn]) {
      expect((await rig.ok("DescribeKey", { KeyId })).KeyMetadata).toEqual(KeyMetadata);
    }
    expect((await rig.ok("ListResourceTags", { KeyId: KeyMetadata.KeyId })).Tags).toEqual(Tags);
    await rig.ok("UpdateKeyDescription", { KeyId: KeyMetadata.KeyId, Description: "" });
    expect((await rig.ok("DescribeKey", { KeyId: KeyMetadata.Arn })).KeyMetadata.Description).toBe("");
  });

  it.each([
    [{ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" }, "UnsupportedOperationException"],
    [{ KeyUsage: "GENERATE_VERIFY_MAC" }, "UnsupportedOperationException"],
    [{ MultiRegion: true }, "UnsupportedOperationException"],
    [{ Origin: "EXTERNAL" }, "UnsupportedOperationException"],
    [{ Origin: "AWS_CLOUDHSM" }, "UnsupportedOperationException"],
    [{ Origin: "ELSEWHERE" }, "ValidationException"],
    [{ KeySpec: "SYMMETRIC_DEFAULT", CustomerMasterKeySpec: "SYMMETRIC_DEFAULT" }, "ValidationException"],
    [{ Origin: "EXTERNAL_KEY_STORE" }, "ValidationException"],
    [{ Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId: "none", XksKeyId: "k" }, "CustomKeyStoreNotFoundException"],
    [{ CustomKeyStoreId: "none" }, "ValidationException"],
    [{ Description: "x".repeat(8193) }, "ValidationException"],
    [{ Tags: [{ TagKey: "aws:x", TagValue: "" }] }, "TagException"],
    [{ Tags: [{ TagKey: "a|b", TagValue: "" }] }, "TagException"],
    [{ Tags: [1, 2].map(() => ({ TagKey: "same", TagValue: "" })) }, "TagException"],
    [{ Tags: Array.from({ length: 51 }, (_, n) => ({ TagKey: `${n}`, TagValue: "" })) }, "ValidationException"],
    [{ Policy: "{}" }, "MalformedPolicyDocumentException"],
    [{ Policy: "no JSON" }, "MalformedPolicyDocumentException"],
    [{ Policy: JSON.stringify({ Statement: [], x: "y".repeat(33_000) }) }, "LimitExceededException"],
    [{ Policy: 7 }, "SerializationException"],
  ])("%o is refused and nothing is stored", async (input, expected) => {
    const before = await rig.contents();
    expect(await code("CreateKey", input)).toBe(expected);
    expect(await rig.contents()).toEqual(before);
  });

  it("page without a gap", async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => rig.key()));
    const found: string[] = [];
    for (let Marker: string | undefined; ; ) {
      const page = await rig.ok("ListKeys", { Limit: 2, ...(Marker && { Marker }) });
      for (const { KeyId, KeyArn } of page.Keys) {
        expect(KeyArn).toBe(`arn:aws:kms:us-east-1:100000000001:key/${KeyId}`);
        found.push(KeyId);
      }
      expect(page.Truncated).toBe(page.NextMarker !== undefined);
      Marker = page.NextMarker;
      if (!page.Truncated) break;
    }
    expect(found).toEqual(made.sort());
    expect(await code("ListKeys", { Marker: "%%" })).toBe("InvalidMarkerException");
    expect(await code("ListKeys", { Limit: 0 })).toBe("ValidationException");
    expect(await rig.ok("ListKeys", { ResourceOwners: ["OTHER_ACCOUNTS_VIA_RAM"] })).toEqual({
      Keys: [],
      Truncated: false,
    });
  });

  it.each([
    [unknownKey, `Key 'arn:aws:kms:us-east-1:100000000001:key/${unknownKey}' does not exist`],
    ["alias/none", "Alias arn:aws:kms:us-east-1:100000000001:alias/none is not found."],
    ["nonsense", "Invalid keyId 'nonsense'"],
    [`arn:aws:kms:eu-west-1:100000000001:key/${unknownKey}`, "Invalid arn eu-west-1"],
    ["arn:aws:s3:::bucket", "Invalid arn arn:aws:s3:::bucket"],
  ])("%s is a NotFoundException", async (KeyId, message) => {
    expect(await rig.call(rig.root(), "DescribeKey", { KeyId })).toMatchObject({
      status: 400,
      code: "NotFoundException",
      message,
    });
  });

  it("are managed by id or ARN alone", { tags: ["slow"] }, async () => {
    const KeyId = await rig.key();
    await rig.ok("CreateAlias", { AliasName: "alias/one", TargetKeyId: KeyId });
    expect(await code("DisableKey", { KeyId: "alias/one" })).toBe("NotFoundException");
  });
});

describe("key states", () => {
  const data = { Plaintext: "YQ==" };

  it("let a disabled key do nothing until it is enabled", async () => {
    const KeyId = await rig.key();
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, ...data });
    await rig.ok("DisableKey", { KeyId });
    expect((await rig.ok("DescribeKey", { KeyId })).KeyMetadata).toMatchObject({
      Enabled: false,
      KeyState: "Disabled",
    });
    const refused = await rig.call(rig.root(), "Encrypt", { KeyId, ...data });
    expect(refused).toMatchObject({
      status: 400,
      code: "DisabledException",
      message: expect.stringContaining(`key/${KeyId} is disabled.`),
    });
    expect(await code("Decrypt", { CiphertextBlob })).toBe("DisabledException");
    expect(await code("GenerateDataKey", { KeyId, KeySpec: "AES_256" })).toBe("DisabledException");
    expect(await code("ReEncrypt", { CiphertextBlob, DestinationKeyId: await rig.key() })).toBe("DisabledException");
    for (const operation of ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"])
      expect(await code(operation, { KeyId })).toBe("DisabledException");
    await rig.ok("EnableKey", { KeyId });
    expect((await rig.ok("Decrypt", { CiphertextBlob })).Plaintext).toBe(data.Plaintext);
  });

  it("let a key that is to be deleted be saved, disabled", async () => {
    const KeyId = await rig.key();
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, ...data });
    const scheduled = await rig.ok("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
    const DeletionDate = (rig.clock.now() + 7 * 86_400_000) / 1000;
    expect(scheduled).toEqual({
      KeyId: `arn:aws:kms:us-east-1:100000000001:key/${KeyId}`,
      DeletionDate,
      KeyState: "PendingDeletion",
      PendingWindowInDays: 7,
    });
    expect((await rig.ok("DescribeKey", { KeyId })).KeyMetadata).toMatchObject({
      KeyState: "PendingDeletion",
      DeletionDate,
      Enabled: false,
    });
    const inputs: Record<string, object> = {
      Encrypt: data,
      GenerateDataKey: { KeySpec: "AES_256" },
      EnableKey: {},
      DisableKey: {},
      ScheduleKeyDeletion: {},
      EnableKeyRotation: {},
      RotateKeyOnDemand: {},
      TagResource: { Tags: [{ TagKey: "a", TagValue: "b" }] },
      UntagResource: { TagKeys: ["a"] },
      UpdateKeyDescription: { Description: "" },
      CreateGrant: { GranteePrincipal: "arn:aws:iam::100000000001:user/ann", Operations: ["Decrypt"] },
    };
    for (const [operation, input] of Object.entries(inputs))
      expect([operation, await code(operation, { KeyId, ...input })]).toEqual([operation, "KMSInvalidStateException"]);
    expect(await code("Decrypt", { CiphertextBlob })).toBe("KMSInvalidStateException");
    expect(await code("CreateAlias", { AliasName: "alias/a", TargetKeyId: KeyId })).toBe("KMSInvalidStateException");
    expect((await rig.ok("GetKeyRotationStatus", { KeyId })).KeyRotationEnabled).toBe(false);
    await rig.ok("CancelKeyDeletion", { KeyId });
    expect((await rig.ok("DescribeKey", { KeyId })).KeyMetadata).toMatchObject({ KeyState: "Disabled" });
    expect(await code("CancelKeyDeletion", { KeyId })).toBe("KMSInvalidStateException");
    await rig.ok("EnableKey", { KeyId });
    expect((await rig.ok("Decrypt", { CiphertextBlob })).Plaintext).toBe(data.Plaintext);
  });

  it.each([6, 31])("take no waiting period of %i days", async (PendingWindowInDays) => {
    expect(await code("ScheduleKeyDeletion", { KeyId: await rig.key(), PendingWindowInDays })).toBe(
      "ValidationException",
    );
  });
});

describe("tags", () => {
  it("are set, replaced and taken away, 50 at the most", async () => {
    const KeyId = await rig.key({ Tags: [{ TagKey: "a", TagValue: "1" }] });
    await rig.ok("TagResource", {
      KeyId,
      Tags: [
        { TagKey: "a", TagValue: "2" },
        { TagKey: "A", TagValue: "3" },
      ],
    });
    const { Tags } = await rig.ok("ListResourceTags", { KeyId });
    expect(Tags).toEqual([
      { TagKey: "A", TagValue: "3" },
      { TagKey: "a", TagValue: "2" },
    ]);
    await rig.ok("UntagResource", { KeyId, TagKeys: ["a", "not there"] });
    expect((await rig.ok("ListResourceTags", { KeyId })).Tags).toEqual([{ TagKey: "A", TagValue: "3" }]);
    const many = Array.from({ length: 50 }, (_, n) => ({ TagKey: `k${n}`, TagValue: "" }));
    expect(await code("TagResource", { KeyId, Tags: many })).toBe("LimitExceededException");
  });
});

describe("aliases", () => {
  it("name a key, move to another one and end", async () => {
    const [one, two] = [await rig.key(), await rig.key()];
    await rig.ok("CreateAlias", { AliasName: "alias/app/main", TargetKeyId: one });
    const { Aliases } = await rig.ok("ListAliases", {});
    expect(Aliases).toEqual([
      {
        AliasName: "alias/app/main",
        AliasArn: "arn:aws:kms:us-east-1:100000000001:alias/app/main",
        TargetKeyId: one,
        CreationDate: rig.clock.now() / 1000,
        LastUpdatedDate: rig.clock.now() / 1000,
      },
    ]);
    const keyOf = async (KeyId: string) => (await rig.ok("DescribeKey", { KeyId })).KeyMetadata.KeyId;
    expect(await keyOf("alias/app/main")).toBe(one);
    await rig.ok("UpdateAlias", { AliasName: "alias/app/main", TargetKeyId: two });
    expect(await keyOf(Aliases[0].AliasArn)).toBe(two);
    expect((await rig.ok("ListAliases", { KeyId: one })).Aliases).toEqual([]);
    expect((await rig.ok("ListAliases", { KeyId: two })).Aliases).toHaveLength(1);
    await rig.ok("DeleteAlias", { AliasName: "alias/app/main" });
    expect(await code("DescribeKey", { KeyId: "alias/app/main" })).toBe("NotFoundException");
    expect(await code("DeleteAlias", { AliasName: "alias/app/main" })).toBe("NotFoundException");
    expect(await code("UpdateAlias", { AliasName: "alias/app/main", TargetKeyId: two })).toBe("NotFoundException");
  });

  it.each([
    ["alias/taken", "AlreadyExistsException"],
    ["alias/aws/mine", "InvalidAliasNameException"],
    ["mine", "InvalidAliasNameException"],
    ["alias/", "InvalidAliasNameException"],
    ["alias/a b", "ValidationException"],
    [`alias/${"x".repeat(251)}`, "ValidationException"],
  ])("%s is refused and nothing is stored", async (AliasName, expected) => {
    const TargetKeyId = await rig.key();
    await rig.ok("CreateAlias", { AliasName: "alias/taken", TargetKeyId });
    const before = await rig.contents();
    expect(await code("CreateAlias", { AliasName, TargetKeyId })).toBe(expected);
    expect(await rig.contents()).toEqual(before);
  });

  it("page without a gap", async () => {
    const TargetKeyId = await rig.key();
    for (const name of "cab") await rig.ok("CreateAlias", { AliasName: `alias/${name}`, TargetKeyId });
    const first = await rig.ok("ListAliases", { Limit: 2 });
    const second = await rig.ok("ListAliases", { Limit: 2, Marker: first.NextMarker });
    const names = [...first.Aliases, ...second.Aliases].map(({ AliasName }: { AliasName: string }) => AliasName);
    expect(names).toEqual(["alias/a", "alias/b", "alias/c"]);
    expect(second.Truncated).toBe(false);
  });
});

describe("rotation", () => {
  it("on demand keeps what older material encrypted", async () => {
    const KeyId = await rig.key();
    const before = await rig.ok("GenerateDataKey", { KeyId, NumberOfBytes: 24 });
    await rig.ok("RotateKeyOnDemand", { KeyId });
    const after = await rig.ok("GenerateDataKey", { KeyId, NumberOfBytes: 24 });
    expect(after.KeyMaterialId).not.toBe(before.KeyMaterialId);
    for (const { CiphertextBlob, Plaintext, KeyMaterialId } of [before, after]) {
      expect(await rig.ok("Decrypt", { CiphertextBlob })).toMatchObject({ Plaintext, KeyMaterialId });
    }
    const { Rotations } = await rig.ok("ListKeyRotations", { KeyId });
    expect(Rotations).toEqual([
      {
        KeyId: `arn:aws:kms:us-east-1:100000000001:key/${KeyId}`,
        KeyMaterialId: after.KeyMaterialId,
        KeyMaterialState: "CURRENT",
        RotationDate: rig.clock.now() / 1000,
        RotationType: "ON_DEMAND",
      },
    ]);
    const all = await rig.ok("ListKeyRotations", { KeyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL", Limit: 1 });
    expect(all).toMatchObject({ Truncated: true, Rotations: [{ KeyMaterialState: "NON_CURRENT" }] });
    expect((await rig.ok("DescribeKey", { KeyId })).KeyMetadata.CurrentKeyMaterialId).toBe(after.KeyMaterialId);
  });

  it("on demand is had 25 times", async () => {
    const KeyId = await rig.key();
    for (let count = 0; count < 25; count++) await rig.ok("RotateKeyOnDemand", { KeyId });
    expect(await code("RotateKeyOnDemand", { KeyId })).toBe("LimitExceededException");
  });

  it("by itself is switched on and off", { tags: ["slow"] }, async () => {
    const KeyId = await rig.key();
    const status = () => rig.ok("GetKeyRotationStatus", { KeyId });
    expect((await status()).KeyRotationEnabled).toBe(false);
    await rig.ok("EnableKeyRotation", { KeyId });
    const year = (rig.clock.now() + 365 * 86_400_000) / 1000;
    expect(await status()).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 365,
      NextRotationDate: year,
    });
    await rig.ok("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
    expect(await status()).toMatchObject({ RotationPeriodInDays: 90 });
    await rig.ok("DisableKeyRotation", { KeyId });
    expect((await status()).RotationPeriodInDays).toBeUndefined();
    expect(await code("EnableKeyRotation", { KeyId, RotationPeriodInDays: 89 })).toBe("ValidationException");
  });
});

describe("what is not built", () => {
  it("is answered by name", async () => {
    const { status, code: type, message } = await rig.call(rig.root(), "Sign", {});
    expect([status, type]).toEqual([501, "NotImplemented"]);
    expect(message).toContain("Sign");
    expect(await code("Nonsense")).toBe("UnknownOperationException");
    const KeyId = await rig.key();
    expect(await code("GenerateDataKey", { KeyId, KeySpec: "AES_256", Recipient: {} })).toBe("ValidationException");
  });
});
