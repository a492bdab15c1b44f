import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FIRST_ACCOUNT_ID } from "../../../src/metadata/identities/accounts.ts";
import { IamRig } from "./support/iam.ts";

let rig: IamRig;
beforeEach(async () => {
  rig = await IamRig.open();
});
afterEach(() => rig.dispose());

const document = (Action = "s3:GetObject") =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { AWS: FIRST_ACCOUNT_ID }, Action: "sts:AssumeRole" },
});
const call = (action: string, parameters: object = {}) => rig.call(rig.root(), action, parameters as never);
const code = async (action: string, parameters: object = {}) => (await call(action, parameters)).code;

describe("users", () => {
  it("are as they were made, and become what they are updated to", async () => {
    const Tags = [{ Key: "team", Value: "blue" }];
    const { User } = await rig.ok("CreateUser", { UserName: "Ann", Path: "/staff/", Tags });
    expect(User).toMatchObject({
      UserName: "Ann",
      Path: "/staff/",
      Arn: `arn:aws:iam::${FIRST_ACCOUNT_ID}:user/staff/Ann`,
      CreateDate: "2026-11-29T06:00:00Z",
      Tags,
    });
    expect(User.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/);
    await rig.ok("UpdateUser", { UserName: "ann", NewUserName: "Anna", NewPath: "/" });
    const renamed = (await rig.ok("GetUser", { UserName: "anna" })).User;
    expect(renamed).toEqual({
      ...User,
      UserName: "Anna",
      Path: "/",
      Arn: `arn:aws:iam::${FIRST_ACCOUNT_ID}:user/Anna`,
    });
    expect(await code("GetUser", { UserName: "Ann" })).toBe("NoSuchEntity");
  });

  it("page without a gap, whatever is deleted between two pages", async () => {
    for (const name of "abcdefg") await rig.ok("CreateUser", { UserName: name });
    const first = await rig.ok("ListUsers", { MaxItems: 3 });
    expect(first).toMatchObject({ IsTruncated: "true" });
    await rig.ok("DeleteUser", { UserName: "c" });
    const second = await rig.ok("ListUsers", { MaxItems: 3, Marker: first.Marker });
    expect(second.Users.map((user: { UserName: string }) => user.UserName)).toEqual(["d", "e", "f"]);
    const last = await rig.ok("ListUsers", { MaxItems: 3, Marker: second.Marker });
    expect(last).toMatchObject({ IsTruncated: "false", Users: [{ UserName: "g" }] });
    expect(await code("ListUsers", { Marker: "forged" })).toBe("ValidationError");
  });

  it.each([
    [{ UserName: "" }, "ValidationError"],
    [{}, "ValidationError"],
    [{ UserName: "a/b" }, "ValidationError"],
    [{ UserName: "x".repeat(65) }, "ValidationError"],
    [{ UserName: "new", Path: "no/slash" }, "ValidationError"],
    [
      {
        UserName: "new",
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "A", Value: "2" },
        ],
      },
      "InvalidInput",
    ],
    [{ UserName: "new", Tags: [{ Key: "aws:x", Value: "1" }] }, "InvalidInput"],
    [{ UserName: "new", PermissionsBoundary: "arn:aws:iam::aws:policy/NoSuchPolicy" }, "NoSuchEntity"],
    [{ UserName: "new", PermissionsBoundary: "arn:aws:s3:::not-a-policy" }, "InvalidInput"],
    [{ UserName: "TAKEN" }, "EntityAlreadyExists"],
  ])("%o is refused and nothing is stored", async (parameters, expected) => {
    await rig.ok("CreateUser", { UserName: "taken" });
    const before = await rig.contents();
    expect(await code("CreateUser", parameters)).toBe(expected);
    expect(await rig.contents()).toEqual(before);
  });

  it("says all that is wrong at once, in AWS's words", async () => {
    const { message } = await call("CreateUser", { UserName: "x".repeat(65), Path: "" });
    expect(message).toBe(
      `2 validation errors detected: Value '${"x".repeat(65)}' at 'userName' failed to satisfy constraint: ` +
        "Member must have length less than or equal to 64; Value '' at 'path' failed to satisfy constraint: " +
        "Member must have length greater than or equal to 1",
    );
    expect((await call("CreateUser")).message).toBe(
      "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
    );
  });

  it("cannot be deleted while anything hangs on them", async () => {
    await rig.ok("CreateUser", { UserName: "ann" });
    await rig.ok("CreateGroup", { GroupName: "devs" });
    const undo: [string, object][] = [];
    const hang = async (action: string, parameters: object, back: [string, object]) => {
      await rig.ok(action, { UserName: "ann", ...parameters });
      undo.push([back[0], { UserName: "ann", ...back[1] }]);
      expect(await code("DeleteUser", { UserName: "ann" })).toBe("DeleteConflict");
    };
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    await hang("AttachUserPolicy", { PolicyArn }, ["DetachUserPolicy", { PolicyArn }]);
    await hang("PutUserPolicy", { PolicyName: "p", PolicyDocument: document() }, [
      "DeleteUserPolicy",
      { PolicyName: "p" },
    ]);
    await hang("AddUserToGroup", { GroupName: "devs" }, ["RemoveUserFromGroup", { GroupName: "devs" }]);
    for (const [action, parameters] of undo) {
      expect(await code("DeleteUser", { UserName: "ann" })).toBe("DeleteConflict");
      await rig.ok(action, parameters as never);
    }
    await rig.ok("DeleteUser", { UserName: "ann" });
    expect((await rig.ok("GetAccountSummary")).SummaryMap.entry).toContainEqual({ key: "Users", value: "0" });
  });
});

describe("access keys", () => {
  it("are stored sealed, and their secret is in one answer alone", async () => {
    await rig.ok("CreateUser", { UserName: "ann" });
    const { AccessKey } = await rig.ok("CreateAccessKey", { UserName: "ann" });
    expect(AccessKey.AccessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(AccessKey.SecretAccessKey).toHaveLength(40);
    expect(JSON.stringify(await rig.contents())).not.toContain(AccessKey.SecretAccessKey);
    for (const [action, parameters] of [
      ["ListAccessKeys", { UserName: "ann" }],
      ["GetAccessKeyLastUsed", { AccessKeyId: AccessKey.AccessKeyId }],
      ["GetAccountAuthorizationDetails", {}],
      ["GetCredentialReport", {}],
    ] as const) {
      expect((await call(action, parameters)).body).not.toContain(AccessKey.SecretAccessKey);
    }
    const held = await rig.identities.principals.ofKey(AccessKey.AccessKeyId);
    const { sealer } = rig;
    expect(sealer.open("access-key", AccessKey.AccessKeyId, held?.secret ?? "")).toBe(AccessKey.SecretAccessKey);
    expect(sealer.open("access-key", "AKIAOTHER", held?.secret ?? "")).toBeNull();
  });

  it("are two for each user, and nobody changes another user's", async () => {
    for (const UserName of ["ann", "bob"]) await rig.ok("CreateUser", { UserName });
    const { AccessKey } = await rig.ok("CreateAccessKey", { UserName: "ann" });
    await rig.ok("CreateAccessKey", { UserName: "ann" });
    expect(await code("CreateAccessKey", { UserName: "ann" })).toBe("LimitExceeded");
    const foreign = { UserName: "bob", AccessKeyId: AccessKey.AccessKeyId };
    expect(await code("DeleteAccessKey", foreign)).toBe("NoSuchEntity");
    expect(await code("UpdateAccessKey", { ...foreign, Status: "Inactive" })).toBe("NoSuchEntity");
    expect(await code("UpdateAccessKey", { UserName: "ann", AccessKeyId: AccessKey.AccessKeyId, Status: "Off" })).toBe(
      "ValidationError",
    );
  });

  it("without a user name are the caller's own", async () => {
    await rig.ok("CreateUser", { UserName: "ann" });
    await rig.ok("PutUserPolicy", { UserName: "ann", PolicyName: "p", PolicyDocument: document("iam:*") });
    const ann = await rig.user("ann");
    const made = await rig.call(ann, "CreateAccessKey");
    expect(made.result.AccessKey.UserName).toBe("ann");
    expect((await rig.call(ann, "GetUser")).result.User.UserName).toBe("ann");
    expect((await rig.ok("ListAccessKeys")).AccessKeyMetadata).toEqual([]);
  });
});

describe("policies", () => {
  const PolicyName = "p";
  const own = `arn:aws:iam::${FIRST_ACCOUNT_ID}:policy/p`;

  it.each([
    ["{", "MalformedPolicyDocument"],
    ['{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}', "MalformedPolicyDocument"],
    [document().replace("Allow", "Maybe"), "MalformedPolicyDocument"],
    [trust, "MalformedPolicyDocument"],
    [document(`s3:${"x".repeat(6_200)}`), "LimitExceeded"],
    [`${document()}${" ".repeat(131_073)}`, "ValidationError"],
  ])("a malformed one is refused before anything is stored (%#)", async (PolicyDocument, expected) => {
    await rig.ok("CreateRole", { RoleName: "ops", AssumeRolePolicyDocument: trust });
    const before = await rig.contents();
    expect(await code("CreatePolicy", { PolicyName, PolicyDocument })).toBe(expected);
    // A role's inline policies may be larger than a managed one.
    const inline = { RoleName: "ops", PolicyName, PolicyDocument };
    if (expected !== "LimitExceeded") expect(await code("PutRolePolicy", inline)).toBe(expected);
    expect(await rig.contents()).toEqual(before);
  });

  it("have five versions at most, whose numbers are never given twice", async () => {
    await rig.ok("CreatePolicy", { PolicyName, PolicyDocument: document() });
    for (let count = 2; count <= 5; count++)
      await rig.ok("CreatePolicyVersion", { PolicyArn: own, PolicyDocument: document() });
    const next = { PolicyArn: own, PolicyDocument: document("s3:*"), SetAsDefault: true };
    expect(await code("CreatePolicyVersion", next)).toBe("LimitExceeded");
    expect(await code("DeletePolicyVersion", { PolicyArn: own, VersionId: "v1" })).toBe("DeleteConflict");
    await rig.ok("DeletePolicyVersion", { PolicyArn: own, VersionId: "v5" });
    const { PolicyVersion } = await rig.ok("CreatePolicyVersion", next);
    expect(PolicyVersion).toMatchObject({ VersionId: "v6", IsDefaultVersion: "true" });
    const stored = await rig.ok("GetPolicyVersion", { PolicyArn: own, VersionId: "v6" });
    expect(decodeURIComponent(stored.PolicyVersion.Document)).toBe(document("s3:*"));
    expect(await code("DeletePolicy", { PolicyArn: own })).toBe("DeleteConflict");
  });

  it("in line have a size for each user, group and role, white space not counted", async () => {
    await rig.ok("CreateUser", { UserName: "ann" });
    const put = (name: string, PolicyDocument: string) =>
      code("PutUserPolicy", { UserName: "ann", PolicyName: name, PolicyDocument });
    expect(await put("a", document(`s3:${"x".repeat(900)}`))).toBeNull();
    expect(await put("b", document(`s3:${"x".repeat(1_100)}`))).toBe("LimitExceeded");
    expect(await put("a", document(`s3:${"x".repeat(1_100)}`))).toBeNull();
    expect(await put("b", `${document()}${"\n".repeat(10_000)}`)).toBeNull();
  });

  it("of AWS are there, can be attached, and cannot be changed", async () => {
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    await rig.ok("CreateGroup", { GroupName: "readers" });
    await rig.ok("AttachGroupPolicy", { GroupName: "readers", PolicyArn });
    await rig.ok("AttachGroupPolicy", { GroupName: "readers", PolicyArn });
    expect((await rig.ok("GetPolicy", { PolicyArn })).Policy).toMatchObject({ AttachmentCount: "1" });
    const listed = await rig.ok("ListPolicies", { OnlyAttached: true });
    expect(listed.Policies.map((policy: { Arn: string }) => policy.Arn)).toEqual([PolicyArn]);
    expect(await code("DeletePolicy", { PolicyArn })).toBe("AccessDenied");
    expect(await code("CreatePolicyVersion", { PolicyArn, PolicyDocument: document() })).toBe("AccessDenied");
    expect(await code("DetachGroupPolicy", { GroupName: "readers", PolicyArn: own })).toBe("NoSuchEntity");
  });

  it("listings of AWS's and the account's own page without a gap", async () => {
    for (const name of ["one", "two", "three"])
      await rig.ok("CreatePolicy", { PolicyName: name, PolicyDocument: document() });
    const all = (await rig.ok("ListPolicies", { MaxItems: 1_000 })).Policies.map((one: { Arn: string }) => one.Arn);
    const paged: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await rig.ok("ListPolicies", { MaxItems: 2, Marker });
      paged.push(...page.Policies.map((one: { Arn: string }) => one.Arn));
      Marker = page.Marker;
    } while (Marker !== undefined);
    expect(paged).toEqual(all);
    expect(all.filter((arn: string) => arn.includes(FIRST_ACCOUNT_ID))).toHaveLength(3);
  });

  it("ten are attached at most", async () => {
    await rig.ok("CreateUser", { UserName: "ann" });
    const arns: string[] = [];
    for (let index = 0; index < 11; index++) {
      arns.push((await rig.ok("CreatePolicy", { PolicyName: `p${index}`, PolicyDocument: document() })).Policy.Arn);
    }
    for (const PolicyArn of arns.slice(0, 10)) await rig.ok("AttachUserPolicy", { UserName: "ann", PolicyArn });
    expect(await code("AttachUserPolicy", { UserName: "ann", PolicyArn: arns[10] })).toBe("LimitExceeded");
  });
});

describe("at the same time", () => {
  it("changes are all applied, each from what it finds", async () => {
    await rig.ok("CreateUser", { UserName: "ann" });
    const made = await Promise.all(Array.from({ length: 5 }, () => call("CreateAccessKey", { UserName: "ann" })));
    expect(made.map(({ status }) => status).sort()).toEqual([200, 200, 409, 409, 409]);
    const names = Array.from({ length: 8 }, (_, index) => `user-${index % 4}`);
    const users = await Promise.all(names.map((UserName) => call("CreateUser", { UserName })));
    expect(users.map(({ code: one }) => one).sort()).toEqual([
      ...Array.from({ length: 4 }, () => "EntityAlreadyExists"),
      ...Array.from({ length: 4 }, () => null),
    ]);
    const { entry } = (await rig.ok("GetAccountSummary")).SummaryMap;
    expect(entry).toContainEqual({ key: "Users", value: "5" });
  });
});

describe("the simulator", () => {
  it("decides by what is stored, groups and boundary included, and shows which statement matched", async () => {
    await rig.ok("CreatePolicy", { PolicyName: "limit", PolicyDocument: document("s3:Get*") });
    const PermissionsBoundary = `arn:aws:iam::${FIRST_ACCOUNT_ID}:policy/limit`;
    const { User } = await rig.ok("CreateUser", { UserName: "ann", PermissionsBoundary });
    await rig.ok("CreateGroup", { GroupName: "devs" });
    await rig.ok("AddUserToGroup", { GroupName: "devs", UserName: "ann" });
    await rig.ok("PutGroupPolicy", { GroupName: "devs", PolicyName: "all", PolicyDocument: document("s3:*") });
    const ActionNames = ["s3:GetObject", "s3:PutObject"];
    const { EvaluationResults } = await rig.ok("SimulatePrincipalPolicy", { PolicySourceArn: User.Arn, ActionNames });
    expect(EvaluationResults).toMatchObject([
      {
        EvalActionName: "s3:GetObject",
        EvalDecision: "allowed",
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: "true" },
      },
      {
        EvalActionName: "s3:PutObject",
        EvalDecision: "implicitDeny",
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: "false" },
      },
    ]);
    expect(EvaluationResults[0].MatchedStatements[0]).toMatchObject({
      SourcePolicyId: "group_devs_all",
      SourcePolicyType: "IAM Policy",
    });
  });

  it("takes context values and names those that are missing", async () => {
    const conditional = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Action: "s3:ListBucket",
        Resource: "*",
        Condition: { StringEquals: { "s3:prefix": "a/" } },
      },
    });
    const input = { PolicyInputList: [conditional], ActionNames: ["s3:ListBucket"] };
    const without = await rig.ok("SimulateCustomPolicy", input);
    expect(without.EvaluationResults).toMatchObject([
      { EvalDecision: "implicitDeny", MissingContextValues: ["s3:prefix"] },
    ]);
    const ContextEntries = [{ ContextKeyName: "s3:prefix", ContextKeyValues: ["a/"], ContextKeyType: "string" }];
    const given = await rig.ok("SimulateCustomPolicy", { ...input, ContextEntries });
    expect(given.EvaluationResults).toMatchObject([{ EvalDecision: "allowed" }]);
    const keys = await rig.ok("GetContextKeysForCustomPolicy", { PolicyInputList: [conditional] });
    expect(keys.ContextKeyNames).toEqual(["s3:prefix"]);
    expect(await code("SimulateCustomPolicy", { ...input, PolicyInputList: ["{"] })).toBe("InvalidInput");
  });
});

describe("trust policies", () => {
  const trusting = (name: string) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${FIRST_ACCOUNT_ID}:user/${name}` },
        Action: "sts:AssumeRole",
      },
    });
  const shown = async () => {
    const { Role } = await rig.ok("GetRole", { RoleName: "reader" });
    const [listed] = (await rig.ok("ListRoles")).Roles;
    expect(listed.AssumeRolePolicyDocument).toBe(Role.AssumeRolePolicyDocument);
    return decodeURIComponent(Role.AssumeRolePolicyDocument);
  };

  it("mean the users that have the names when they are put", async () => {
    const { User } = await rig.ok("CreateUser", { UserName: "ann" });
    const made = await rig.ok("CreateRole", { RoleName: "reader", AssumeRolePolicyDocument: trusting("ann") });
    expect(decodeURIComponent(made.Role.AssumeRolePolicyDocument)).toBe(trusting("ann"));
    expect(await shown()).toBe(trusting("ann"));
    await rig.ok("UpdateUser", { UserName: "ann", NewUserName: "anna" });
    expect(await shown()).toBe(trusting("anna"));
    await rig.ok("DeleteUser", { UserName: "anna" });
    const ofTheDead = trusting("anna").replace(/arn:[^"]*/, User.UserId);
    expect(await shown()).toBe(ofTheDead);
    await rig.ok("CreateUser", { UserName: "anna" });
    expect(await shown()).toBe(ofTheDead);
    await rig.ok("UpdateAssumeRolePolicy", { RoleName: "reader", PolicyDocument: trusting("anna") });
    expect(await shown()).toBe(trusting("anna"));
  });
});
