import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../../../src/auth/access.ts";
import { operations } from "../../../src/services/kms/operations.ts";
import { otherAccount } from "../../support/s3-as.ts";
import { allow, KmsRig } from "./support/kms.ts";

let rig: KmsRig;
beforeAll(async () => {
  rig = await KmsRig.open();
});
afterAll(() => rig.dispose());

const policyOf = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
const delegate = allow("kms:*", "*", { Principal: { AWS: "100000000001" } });
const ann = "arn:aws:iam::100000000001:user/ann";
const grantee = { GranteePrincipal: ann, Operations: ["Decrypt"] };
const encrypting = { Plaintext: "YQ==" };

let made = 0;

/** An input with which each operation that is built succeeds, on this key with this ciphertext and grant. */
async function inputs(): Promise<Record<string, object>> {
  const KeyId = await rig.key();
  const TargetKeyId = await rig.key();
  const AliasName = `alias/a${++made}`;
  await rig.ok("CreateAlias", { AliasName, TargetKeyId: KeyId });
  const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId, ...encrypting });
  const { GrantId } = await rig.ok("CreateGrant", { KeyId, ...grantee, Name: "first" });
  return {
    CancelKeyDeletion: { KeyId },
    CreateAlias: { AliasName: `${AliasName}/b`, TargetKeyId: KeyId },
    CreateGrant: { KeyId, ...grantee },
    CreateKey: { Tags: [{ TagKey: "a", TagValue: "b" }] },
    Decrypt: { CiphertextBlob },
    DeleteAlias: { AliasName },
    DescribeCustomKeyStores: {},
    DescribeKey: { KeyId },
    DisableKey: { KeyId },
    DisableKeyRotation: { KeyId },
    EnableKey: { KeyId },
    EnableKeyRotation: { KeyId },
    Encrypt: { KeyId, ...encrypting },
    GenerateDataKey: { KeyId, KeySpec: "AES_256" },
    GenerateDataKeyWithoutPlaintext: { KeyId, KeySpec: "AES_256" },
    GenerateRandom: { NumberOfBytes: 8 },
    GetKeyPolicy: { KeyId },
    GetKeyRotationStatus: { KeyId },
    ListAliases: {},
    ListGrants: { KeyId },
    ListKeyPolicies: { KeyId },
    ListKeyRotations: { KeyId },
    ListKeys: {},
    ListResourceTags: { KeyId },
    ListRetirableGrants: { RetiringPrincipal: ann },
    PutKeyPolicy: { KeyId, Policy: policyOf(delegate) },
    ReEncrypt: { CiphertextBlob, DestinationKeyId: TargetKeyId },
    RetireGrant: { KeyId, GrantId },
    RevokeGrant: { KeyId, GrantId },
    RotateKeyOnDemand: { KeyId },
    ScheduleKeyDeletion: { KeyId },
    TagResource: { KeyId, Tags: [{ TagKey: "a", TagValue: "b" }] },
    UntagResource: { KeyId, TagKeys: ["a"] },
    UpdateAlias: { AliasName, TargetKeyId },
    UpdateKeyDescription: { KeyId, Description: "" },
  };
}

/** Of the operations whose permission is not their own name, or not that alone. */
const actionsOf: Record<string, string[]> = {
  ReEncrypt: ["kms:ReEncryptFrom", "kms:ReEncryptTo"],
  CreateKey: ["kms:CreateKey", "kms:TagResource", "kms:PutKeyPolicy"],
};

describe("each operation", () => {
  const built = Object.entries(operations).filter(([, operation]) => operation !== null);

  it.each(built)("%s is for those alone who have its permission", async (name) => {
    const input = (await inputs())[name] as object;
    const actions = actionsOf[name] ?? [`kms:${name}`];
    const before = await rig.contents();
    const others = allow(
      Object.keys(operations)
        .flatMap((other) => actionsOf[other] ?? [`kms:${other}`])
        .filter((action) => !actions.includes(action)),
    );
    const strangers: Caller[] = [
      rig.user("bob"),
      rig.user("bob", [others]),
      rig.user("bob", [allow("kms:*"), { ...allow(actions), Effect: "Deny" }]),
    ];
    for (const caller of strangers) {
      expect(await rig.code(caller, name, input)).toBe("AccessDeniedException");
    }
    expect(await rig.code(rig.nobody(), name, input)).toBe("MissingAuthenticationTokenException");
    expect(await rig.contents()).toEqual(before);
    const answered = await rig.call(rig.user("bob", [allow(actions)]), name, input);
    expect(answered.code).toBe(name === "CancelKeyDeletion" ? "KMSInvalidStateException" : "");
  });

  it.each(built)("%s on a key of another account is refused", async (name) => {
    const input = (await inputs())[name] as Record<string, unknown>;
    const before = await rig.contents();
    const arn = (id: unknown) => `arn:aws:kms:us-east-1:100000000001:key/${id}`;
    const foreign = Object.fromEntries(
      Object.entries(input).map(([member, value]) => [member, /KeyId$/.test(member) ? arn(value) : value]),
    );
    const answered = await rig.call(rig.root(otherAccount), name, foreign);
    const isOfNoKey = [
      "CreateKey",
      "DescribeCustomKeyStores",
      "GenerateRandom",
      "ListAliases",
      "ListKeys",
      "ListRetirableGrants",
    ];
    if (isOfNoKey.includes(name)) return expect(answered.code).toBe("");
    // An alias is looked for among the caller's own.
    expect(answered.code).toBe(name === "DeleteAlias" ? "NotFoundException" : "AccessDeniedException");
    return expect(await rig.contents()).toEqual(before);
  });

  it("that has no row in these tests is not built", async () => {
    expect(Object.keys(await inputs()).sort()).toEqual(built.map(([name]) => name).sort());
  });
});

describe("key policies", () => {
  it("that do not name the account leave its own policies without effect", async () => {
    const mine = allow("kms:*", "*", { Principal: { AWS: ann } });
    const KeyId = await rig.key({ Policy: policyOf(mine), BypassPolicyLockoutSafetyCheck: true });
    expect(await rig.code(rig.root(), "DescribeKey", { KeyId })).toBe("AccessDeniedException");
    expect(await rig.code(rig.user("bob", [allow("kms:*")]), "Encrypt", { KeyId, ...encrypting })).toBe(
      "AccessDeniedException",
    );
    await rig.ok("Encrypt", { KeyId, ...encrypting }, rig.user("ann"));
    await rig.ok("PutKeyPolicy", { KeyId, Policy: policyOf(mine, delegate) }, rig.user("ann"));
    await rig.ok("DescribeKey", { KeyId });
  });

  it("must let their author set the next one, unless that is waived", async () => {
    const Policy = policyOf(allow("kms:*", "*", { Principal: { AWS: ann } }));
    const refused = await rig.call(rig.root(), "CreateKey", { Policy });
    expect(refused.code).toBe("MalformedPolicyDocumentException");
    expect(refused.message).toBe("The new key policy will not allow you to update the key policy in the future.");
    const KeyId = await rig.key();
    expect(await rig.code(rig.root(), "PutKeyPolicy", { KeyId, Policy })).toBe("MalformedPolicyDocumentException");
    await rig.ok("PutKeyPolicy", { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true });
    expect((await rig.ok("GetKeyPolicy", { KeyId, PolicyName: "default" }, rig.user("ann"))).Policy).toBe(Policy);
  });

  it("have one name", async () => {
    const KeyId = await rig.key();
    expect((await rig.ok("ListKeyPolicies", { KeyId })).PolicyNames).toEqual(["default"]);
    expect(await rig.code(rig.root(), "GetKeyPolicy", { KeyId, PolicyName: "other" })).toBe("NotFoundException");
    expect(JSON.parse((await rig.ok("GetKeyPolicy", { KeyId })).Policy).Statement).toEqual([
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::100000000001:root" },
        Action: "kms:*",
        Resource: "*",
      },
    ]);
  });

  it("have no effect by statements without a resource", async () => {
    const { Resource: _, ...everywhere } = allow("kms:*", "*", { Principal: { AWS: ann } });
    const KeyId = await rig.key({ Policy: policyOf(delegate, everywhere) });
    expect(await rig.code(rig.user("ann"), "Encrypt", { KeyId, ...encrypting })).toBe("AccessDeniedException");
  });

  it("and the other account's own policies together let it in, by the ARN alone", async () => {
    const foreign = allow(["kms:Encrypt", "kms:Decrypt"], "*", { Principal: { AWS: otherAccount.accountId } });
    const KeyId = await rig.key({ Policy: policyOf(delegate, foreign) });
    const arn = `arn:aws:kms:us-east-1:100000000001:key/${KeyId}`;
    const eve = (...statements: object[]) => rig.user("eve", statements, otherAccount);
    const { CiphertextBlob } = await rig.ok("Encrypt", { KeyId: arn, ...encrypting }, eve(allow("kms:Encrypt", arn)));
    expect(await rig.code(eve(), "Encrypt", { KeyId: arn, ...encrypting })).toBe("AccessDeniedException");
    expect(await rig.code(eve(allow("kms:*")), "Encrypt", { KeyId, ...encrypting })).toBe("NotFoundException");
    expect((await rig.ok("Decrypt", { CiphertextBlob }, eve(allow("kms:Decrypt")))).Plaintext).toBe("YQ==");
    expect(await rig.code(eve(allow("kms:*")), "DescribeKey", { KeyId: arn })).toBe("AccessDeniedException");
  });

  it.each<[string, object, object, object]>([
    [
      "kms:EncryptionContext:dept",
      { StringEquals: { "kms:EncryptionContext:dept": "blue" } },
      { dept: "blue" },
      { dept: "red" },
    ],
    [
      "kms:EncryptionContextKeys",
      {
        "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["a", "b"] },
        Null: { "kms:EncryptionContextKeys": "false" },
      },
      { a: "1" },
      { c: "1" },
    ],
  ])("are limited by %s", async (_, Condition, good, bad) => {
    const KeyId = await rig.key();
    const caller = rig.user("bob", [allow("kms:Encrypt", "*", { Condition })]);
    await rig.ok("Encrypt", { KeyId, ...encrypting, EncryptionContext: good }, caller);
    for (const EncryptionContext of [bad, {}])
      expect(await rig.code(caller, "Encrypt", { KeyId, ...encrypting, EncryptionContext })).toBe(
        "AccessDeniedException",
      );
  });

  it.each<[object, string]>([
    [{ StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" } }, "AccessDeniedException"],
    [{ StringEquals: { "kms:CallerAccount": "100000000001" } }, ""],
    [{ StringEquals: { "kms:CallerAccount": "200000000002" } }, "AccessDeniedException"],
    [
      {
        StringEquals: {
          "kms:KeyOrigin": "AWS_KMS",
          "kms:KeySpec": "SYMMETRIC_DEFAULT",
          "kms:KeyUsage": "ENCRYPT_DECRYPT",
        },
      },
      "",
    ],
    [{ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/app" } }, ""],
    [{ "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/other" } }, "AccessDeniedException"],
    [{ StringEquals: { "kms:RequestAlias": "alias/app" } }, ""],
    [{ StringEquals: { "aws:ResourceTag/team": "blue" } }, ""],
    [{ StringEquals: { "aws:ResourceTag/team": "red" } }, "AccessDeniedException"],
    [{ Bool: { "kms:MultiRegion": "false" } }, ""],
  ])("with the condition %o answer %s", async (Condition, expected) => {
    const TargetKeyId = await rig.key({ Tags: [{ TagKey: "team", TagValue: "blue" }] });
    const app = `alias/app${++made}`;
    await rig.ok("CreateAlias", { AliasName: app, TargetKeyId });
    const named = JSON.parse(JSON.stringify(Condition).replace("alias/app", app));
    const caller = rig.user("bob", [allow("kms:Encrypt", "*", { Condition: named })]);
    expect(await rig.code(caller, "Encrypt", { KeyId: app, ...encrypting })).toBe(expected);
  });
});

describe("grants", () => {
  const list = async (KeyId: string) => (await rig.ok("ListGrants", { KeyId })).Grants;

  it("let their grantee do what they say, from the answer on, until they end", async () => {
    const KeyId = await rig.key();
    const use = { KeyId, KeySpec: "AES_256" };
    expect(await rig.code(rig.user("ann"), "GenerateDataKey", use)).toBe("AccessDeniedException");
    const grant = { KeyId, GranteePrincipal: ann, Operations: ["GenerateDataKey"], Name: "one" };
    const { GrantId, GrantToken } = await rig.ok("CreateGrant", grant);
    await rig.ok("GenerateDataKey", { ...use, GrantTokens: [GrantToken] }, rig.user("ann"));
    expect(await rig.code(rig.user("bob"), "GenerateDataKey", use)).toBe("AccessDeniedException");
    expect(await rig.code(rig.user("ann"), "Encrypt", { KeyId, ...encrypting })).toBe("AccessDeniedException");
    expect(await rig.code(rig.user("ann", [{ ...allow("kms:*"), Effect: "Deny" }]), "GenerateDataKey", use)).toBe(
      "AccessDeniedException",
    );
    expect(await rig.ok("CreateGrant", grant)).toEqual({ GrantId, GrantToken });
    expect(await list(KeyId)).toEqual([
      {
        KeyId: `arn:aws:kms:us-east-1:100000000001:key/${KeyId}`,
        GrantId,
        Name: "one",
        CreationDate: rig.clock.now() / 1000,
        GranteePrincipal: ann,
        IssuingAccount: "arn:aws:iam::100000000001:root",
        Operations: ["GenerateDataKey"],
      },
    ]);
    await rig.ok("RevokeGrant", { KeyId, GrantId });
    expect(await rig.code(rig.user("ann"), "GenerateDataKey", use)).toBe("AccessDeniedException");
    expect(await rig.code(rig.root(), "RevokeGrant", { KeyId, GrantId })).toBe("NotFoundException");
  });

  it("are bound to an encryption context, with its case", async () => {
    const KeyId = await rig.key();
    const Operations = ["Encrypt"];
    const can = (EncryptionContext: object) =>
      rig.code(rig.user("ann"), "Encrypt", { KeyId, ...encrypting, EncryptionContext });
    const subset = { GranteePrincipal: ann, Operations, Constraints: { EncryptionContextSubset: { a: "1" } } };
    const { GrantId } = await rig.ok("CreateGrant", { KeyId, ...subset });
    expect(await can({ a: "1", b: "2" })).toBe("");
    for (const context of [{}, { A: "1" }, { a: "2" }]) expect(await can(context)).toBe("AccessDeniedException");
    await rig.ok("RevokeGrant", { KeyId, GrantId });
    await rig.ok("CreateGrant", { KeyId, ...subset, Constraints: { EncryptionContextEquals: { a: "1" } } });
    expect(await can({ a: "1" })).toBe("");
    for (const context of [{}, { a: "1", b: "2" }]) expect(await can(context)).toBe("AccessDeniedException");
  });

  it("are retired by whom they name, and by nobody else without a permission", async () => {
    const KeyId = await rig.key();
    const bob = "arn:aws:iam::100000000001:user/bob";
    const make = (more: object) => rig.ok("CreateGrant", { KeyId, ...grantee, ...more });
    const retiring = await make({ RetiringPrincipal: bob });
    const byGrantee = await make({ Operations: ["Decrypt", "RetireGrant"] });
    expect((await rig.ok("ListRetirableGrants", { RetiringPrincipal: bob })).Grants).toMatchObject([
      { GrantId: retiring.GrantId },
    ]);
    expect(await rig.code(rig.user("ann"), "RetireGrant", { KeyId, GrantId: retiring.GrantId })).toBe(
      "AccessDeniedException",
    );
    expect(await rig.code(rig.user("bob"), "RetireGrant", { KeyId, GrantId: byGrantee.GrantId })).toBe(
      "AccessDeniedException",
    );
    expect(await rig.code(rig.user("bob"), "RetireGrant", { GrantToken: retiring.GrantToken, DryRun: true })).toBe(
      "DryRunOperationException",
    );
    await rig.ok("RetireGrant", { GrantToken: retiring.GrantToken }, rig.user("bob"));
    await rig.ok("RetireGrant", { KeyId, GrantId: byGrantee.GrantId }, rig.user("ann"));
    expect(await list(KeyId)).toEqual([]);
    expect(await rig.code(rig.root(), "RetireGrant", { GrantToken: "x" })).toBe("InvalidGrantTokenException");
    expect(await rig.code(rig.root(), "RetireGrant", { KeyId })).toBe("ValidationException");
  });

  it.each([
    [{ GranteePrincipal: "ann" }, "InvalidArnException"],
    [{ GranteePrincipal: "arn:aws:iam::100000000001:group/g" }, "InvalidArnException"],
    [{ GranteePrincipal: ann, RetiringPrincipal: "*" }, "ValidationException"],
    [{}, "ValidationException"],
    [{ GranteePrincipal: ann, Operations: ["Sign"] }, "ValidationException"],
    [{ GranteePrincipal: ann, Operations: ["CreateGrant"] }, "ValidationException"],
    [{ GranteePrincipal: ann, Operations: [] }, "ValidationException"],
    [{ GranteePrincipal: ann, Constraints: { SourceArn: "arn:aws:s3:::b" } }, "ValidationException"],
    [{ GranteePrincipal: ann, GranteeServicePrincipal: "s3.amazonaws.com" }, "ValidationException"],
  ])("of %o are refused and nothing is stored", async (input, expected) => {
    const KeyId = await rig.key();
    const before = await rig.contents();
    expect(await rig.code(rig.root(), "CreateGrant", { KeyId, Operations: ["Decrypt"], ...input })).toBe(expected);
    expect(await rig.contents()).toEqual(before);
  });
});
