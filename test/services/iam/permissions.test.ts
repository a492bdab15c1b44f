import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FIRST_ACCOUNT_ID } from "../../../src/metadata/identities/accounts.ts";
import type { IamOperationName } from "../../../src/services/iam/operation-name.ts";
import { operations } from "../../../src/services/iam/operations.ts";
import { IamRig, type Parameters } from "./support/iam.ts";

const arn = (resource: string) => `arn:aws:iam::${FIRST_ACCOUNT_ID}:${resource}`;
const document = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" },
});
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { AWS: FIRST_ACCOUNT_ID }, Action: "sts:AssumeRole" },
});
const PolicyDocument = document;
const ann = { UserName: "ann" };
const devs = { GroupName: "devs" };
const ops = { RoleName: "ops" };
const inline = { PolicyName: "inline" };
const free = arn("policy/free");
const held = arn("policy/held");
const provider = { OpenIDConnectProviderArn: arn("oidc-provider/idp.example.com") };
const Tags = [{ Key: "team", Value: "red" }];
const read = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

interface Sample {
  parameters: Parameters;
  /** The resource that is asked for. */
  resource: string;
  /** Actions that are needed besides its own. */
  also?: string[];
  /** The answer of a caller who may: the operation finds nothing, and says so. */
  code?: string;
}

const user = (parameters: Parameters = {}): Sample => ({
  parameters: { ...ann, ...parameters },
  resource: arn("user/staff/ann"),
});
const group = (parameters: Parameters = {}): Sample => ({
  parameters: { ...devs, ...parameters },
  resource: arn("group/devs"),
});
const role = (parameters: Parameters = {}): Sample => ({
  parameters: { ...ops, ...parameters },
  resource: arn("role/ops"),
});
const policy = (PolicyArn: string, parameters: Parameters = {}): Sample => ({
  parameters: { PolicyArn, ...parameters },
  resource: PolicyArn,
});
const idp = (parameters: Parameters = {}): Sample => ({
  parameters: { ...provider, ...parameters },
  resource: provider.OpenIDConnectProviderArn,
});
const account = (parameters: Parameters = {}): Sample => ({ parameters, resource: "*" });

/** The key id is filled in: it is random. */
const KEY = "<key>";

const samples: Partial<Record<IamOperationName, Sample>> = {
  AddClientIDToOpenIDConnectProvider: idp({ ClientID: "another" }),
  AddUserToGroup: group({ UserName: "bob" }),
  AttachGroupPolicy: group({ PolicyArn: free }),
  AttachRolePolicy: role({ PolicyArn: free }),
  AttachUserPolicy: user({ PolicyArn: free }),
  CreateAccessKey: user(),
  CreateAccountAlias: account({ AccountAlias: "another" }),
  CreateGroup: { parameters: { GroupName: "new", Path: "/a/" }, resource: arn("group/a/new") },
  CreateOpenIDConnectProvider: {
    parameters: { Url: "https://new.example.com", ClientIDList: ["app"], Tags },
    resource: arn("oidc-provider/new.example.com"),
    also: ["iam:TagOpenIDConnectProvider"],
  },
  CreatePolicy: {
    parameters: { PolicyName: "new", PolicyDocument, Tags },
    resource: arn("policy/new"),
    also: ["iam:TagPolicy"],
  },
  CreatePolicyVersion: policy(free, { PolicyDocument, SetAsDefault: true }),
  CreateRole: {
    parameters: { RoleName: "new", AssumeRolePolicyDocument: trust, Tags },
    resource: arn("role/new"),
    also: ["iam:TagRole"],
  },
  CreateUser: {
    parameters: { UserName: "new", Path: "/x/", Tags },
    resource: arn("user/x/new"),
    also: ["iam:TagUser"],
  },
  DeleteAccessKey: user({ AccessKeyId: KEY }),
  DeleteAccountAlias: account({ AccountAlias: "sherd" }),
  DeleteGroup: { parameters: { GroupName: "empty" }, resource: arn("group/empty") },
  DeleteGroupPolicy: group(inline),
  DeleteLoginProfile: { ...user(), code: "NoSuchEntity" },
  DeleteOpenIDConnectProvider: idp(),
  DeletePolicy: policy(free),
  DeletePolicyVersion: policy(held, { VersionId: "v1" }),
  DeleteRole: { parameters: { RoleName: "idle" }, resource: arn("role/idle") },
  DeleteRolePermissionsBoundary: role(),
  DeleteRolePolicy: role(inline),
  DeleteUser: { parameters: { UserName: "bob" }, resource: arn("user/bob") },
  DeleteUserPermissionsBoundary: user(),
  DeleteUserPolicy: user(inline),
  DetachGroupPolicy: group({ PolicyArn: held }),
  DetachRolePolicy: role({ PolicyArn: held }),
  DetachUserPolicy: user({ PolicyArn: held }),
  GenerateCredentialReport: account(),
  GetAccessKeyLastUsed: { parameters: { AccessKeyId: KEY }, resource: arn("user/staff/ann") },
  GetAccountAuthorizationDetails: account(),
  GetAccountPasswordPolicy: { ...account(), code: "NoSuchEntity" },
  GetAccountSummary: account(),
  GetContextKeysForCustomPolicy: account({ PolicyInputList: [document] }),
  GetContextKeysForPrincipalPolicy: {
    parameters: { PolicySourceArn: arn("user/staff/ann") },
    resource: arn("user/staff/ann"),
  },
  GetCredentialReport: account(),
  GetGroup: group(),
  GetGroupPolicy: group(inline),
  GetLoginProfile: { ...user(), code: "NoSuchEntity" },
  GetOpenIDConnectProvider: idp(),
  GetPolicy: policy(held),
  GetPolicyVersion: policy(held, { VersionId: "v2" }),
  GetRole: role(),
  GetRolePolicy: role(inline),
  GetUser: user(),
  GetUserPolicy: user(inline),
  ListAccessKeys: user(),
  ListAccountAliases: account(),
  ListAttachedGroupPolicies: group(),
  ListAttachedRolePolicies: role(),
  ListAttachedUserPolicies: user(),
  ListEntitiesForPolicy: policy(held),
  ListGroupPolicies: group(),
  ListGroups: { parameters: {}, resource: arn("group/") },
  ListGroupsForUser: user(),
  ListInstanceProfiles: account(),
  ListInstanceProfilesForRole: role(),
  ListMFADevices: user(),
  ListOpenIDConnectProviderTags: idp(),
  ListOpenIDConnectProviders: { parameters: {}, resource: arn("oidc-provider/*") },
  ListPolicies: { parameters: {}, resource: arn("policy/") },
  ListPolicyTags: policy(held),
  ListPolicyVersions: policy(read),
  ListRolePolicies: role(),
  ListRoleTags: role(),
  ListRoles: { parameters: { PathPrefix: "/o" }, resource: arn("role/o") },
  ListSAMLProviders: account(),
  ListSSHPublicKeys: user(),
  ListServerCertificates: account(),
  ListServiceSpecificCredentials: user(),
  ListSigningCertificates: user(),
  ListUserPolicies: user(),
  ListUserTags: user(),
  ListUsers: { parameters: {}, resource: arn("user/") },
  ListVirtualMFADevices: account(),
  PutGroupPolicy: group({ PolicyName: "other", PolicyDocument }),
  PutRolePermissionsBoundary: role({ PermissionsBoundary: free }),
  PutRolePolicy: role({ PolicyName: "other", PolicyDocument }),
  PutUserPermissionsBoundary: user({ PermissionsBoundary: free }),
  PutUserPolicy: user({ PolicyName: "other", PolicyDocument }),
  RemoveClientIDFromOpenIDConnectProvider: idp({ ClientID: "app" }),
  RemoveUserFromGroup: group(ann),
  SetDefaultPolicyVersion: policy(held, { VersionId: "v1" }),
  SimulateCustomPolicy: account({ PolicyInputList: [document], ActionNames: ["s3:GetObject"] }),
  SimulatePrincipalPolicy: {
    parameters: { PolicySourceArn: arn("role/ops"), ActionNames: ["s3:GetObject"] },
    resource: arn("role/ops"),
  },
  TagOpenIDConnectProvider: idp({ Tags }),
  TagPolicy: policy(held, { Tags }),
  TagRole: role({ Tags }),
  TagUser: user({ Tags }),
  UntagOpenIDConnectProvider: idp({ TagKeys: ["team"] }),
  UntagPolicy: policy(held, { TagKeys: ["team"] }),
  UntagRole: role({ TagKeys: ["team"] }),
  UntagUser: user({ TagKeys: ["team"] }),
  UpdateAccessKey: user({ AccessKeyId: KEY, Status: "Inactive" }),
  UpdateAssumeRolePolicy: role({ PolicyDocument: trust.replace("Allow", "Deny") }),
  UpdateGroup: group({ NewPath: "/new/" }),
  UpdateOpenIDConnectProviderThumbprint: idp({ ThumbprintList: ["a".repeat(40)] }),
  UpdateRole: role({ Description: "new", MaxSessionDuration: 7_200 }),
  UpdateRoleDescription: role({ Description: "new" }),
  UpdateUser: user({ NewUserName: "anna" }),
};

/** The resource that an update would leave: it is asked for too. */
const renamed: Partial<Record<IamOperationName, string>> = {
  UpdateUser: arn("user/staff/anna"),
  UpdateGroup: arn("group/new/devs"),
};
const changing = /^(Add|Attach|Create|Delete|Detach|Put|Remove|Set|Tag|Untag|Update)/;

let rig: IamRig;
let keyId: string;

let image: Uint8Array | undefined;

/** A little of everything, made by the operations once and copied for each test. */
async function fill(): Promise<void> {
  if (image !== undefined) {
    rig = await IamRig.open({ image });
    return;
  }
  rig = await IamRig.open();
  await rig.ok("CreatePolicy", { PolicyName: "free", PolicyDocument });
  await rig.ok("CreatePolicy", { PolicyName: "held", PolicyDocument, Tags: [{ Key: "team", Value: "blue" }] });
  await rig.ok("CreatePolicyVersion", { PolicyArn: held, PolicyDocument, SetAsDefault: true });
  await rig.ok("CreateUser", {
    ...ann,
    Path: "/staff/",
    PermissionsBoundary: held,
    Tags: [{ Key: "team", Value: "blue" }],
  });
  await rig.ok("CreateUser", { UserName: "bob" });
  await rig.ok("CreateGroup", devs);
  await rig.ok("CreateGroup", { GroupName: "empty" });
  await rig.ok("CreateRole", {
    ...ops,
    AssumeRolePolicyDocument: trust,
    PermissionsBoundary: held,
    Tags: [{ Key: "team", Value: "blue" }],
  });
  await rig.ok("CreateRole", { RoleName: "idle", AssumeRolePolicyDocument: trust });
  await rig.ok("AddUserToGroup", { ...devs, ...ann });
  for (const [kind, name] of [
    ["User", ann],
    ["Group", devs],
    ["Role", ops],
  ] as const) {
    await rig.ok(`Attach${kind}Policy`, { ...name, PolicyArn: held });
    await rig.ok(`Put${kind}Policy`, { ...name, ...inline, PolicyDocument });
  }
  await rig.ok("CreateOpenIDConnectProvider", { Url: "https://idp.example.com", ClientIDList: ["app"] });
  await rig.ok("CreateAccountAlias", { AccountAlias: "sherd" });
  keyId = (await rig.ok("CreateAccessKey", ann)).AccessKey.AccessKeyId;
  image = rig.image();
}

const built = Object.entries(operations).filter(([, operation]) => operation !== null) as [IamOperationName, unknown][];

function filled(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, value === KEY ? keyId : value]));
}

describe("without the permission", () => {
  beforeAll(fill);
  afterAll(() => rig.dispose());

  it("has a sample here if it is built", () => {
    expect(built.map(([name]) => name)).toEqual(Object.keys(samples));
  });

  it.each(built.map(([name]) => name))("%s is refused without its permission and changes nothing", async (name) => {
    const sample = samples[name] as Sample;
    const before = await rig.contents();
    const Resource = [sample.resource, renamed[name] ?? sample.resource];
    const others = { Effect: "Allow", NotAction: `iam:${name}`, Resource: "*" };
    const elsewhere = { Effect: "Allow", Action: `iam:${name}`, NotResource: Resource };
    for (const statements of [[], [others], [others, elsewhere]]) {
      const nobody = rig.userWith("eve", ...statements);
      const { status, code, message } = await rig.call(nobody, name, filled(sample.parameters));
      expect({ status, code }).toEqual({ status: 403, code: "AccessDenied" });
      expect(message).toContain(
        `User: arn:aws:iam::${FIRST_ACCOUNT_ID}:user/eve is not authorized to perform: iam:${name}`,
      );
      expect(message).toContain(`on resource: ${sample.resource}`);
    }
    expect(await rig.contents()).toEqual(before);
  });
});

describe("with the permission", () => {
  beforeEach(fill);
  afterEach(() => rig.dispose());

  it.each(built.map(([name]) => name))("%s is allowed with its permission alone", async (name) => {
    const { parameters, resource, also = [], code } = samples[name] as Sample;
    const before = await rig.contents();
    const Resource = [resource, ...(renamed[name] === undefined ? [] : [renamed[name]])];
    const caller = rig.userWith("eve", { Effect: "Allow", Action: [`iam:${name}`, ...also], Resource });
    const answered = await rig.call(caller, name, filled(parameters));
    expect([answered.code, answered.message]).toEqual([code ?? null, code ? expect.any(String) : ""]);
    const changed = JSON.stringify(await rig.contents()) !== JSON.stringify(before);
    expect(changed).toBe(changing.test(name) && code === undefined);
  });

  it.each(["CreateUser", "CreateRole", "CreatePolicy", "CreateOpenIDConnectProvider"] as const)(
    "%s with tags needs the permission to tag",
    async (name) => {
      const { parameters } = samples[name] as Sample;
      const caller = rig.userWith("eve", { Effect: "Allow", Action: `iam:${name}`, Resource: "*" });
      expect(await rig.call(caller, name, parameters)).toMatchObject({ code: "AccessDenied" });
      const { Tags: _, ...untagged } = parameters;
      expect(await rig.call(caller, name, untagged)).toMatchObject({ status: 200 });
    },
  );

  it.each(["UpdateUser", "UpdateGroup"] as const)("%s needs the permission on the new name too", async (name) => {
    const { parameters, resource } = samples[name] as Sample;
    const before = await rig.contents();
    const caller = rig.userWith("eve", { Effect: "Allow", Action: `iam:${name}`, Resource: resource });
    expect(await rig.call(caller, name, parameters)).toMatchObject({ code: "AccessDenied" });
    expect(await rig.contents()).toEqual(before);
  });

  it("is refused by name if it is not built", async () => {
    const unbuilt = Object.entries(operations).filter(([, operation]) => operation === null);
    expect(unbuilt.length).toBeGreaterThan(50);
    for (const [name] of unbuilt) {
      const answered = await rig.call(rig.root(), name);
      expect(answered).toMatchObject({ status: 501, code: "NotImplemented" });
      expect(answered.message).toContain(name);
    }
  });
});

describe("condition keys", () => {
  beforeEach(fill);
  afterEach(() => rig.dispose());

  const attach = { ...ann, PolicyArn: free };
  const allowing = (Action: string, Condition: object) => ({ Effect: "Allow", Action, Resource: "*", Condition });

  it("iam:PolicyARN limits what may be attached", async () => {
    const caller = rig.userWith("eve", allowing("iam:AttachUserPolicy", { ArnEquals: { "iam:PolicyARN": free } }));
    expect(await rig.call(caller, "AttachUserPolicy", { ...ann, PolicyArn: read })).toMatchObject({
      code: "AccessDenied",
    });
    expect(await rig.call(caller, "AttachUserPolicy", attach)).toMatchObject({ status: 200 });
  });

  it("iam:PermissionsBoundary is the one that is set, or the one that the user has", async () => {
    const condition = { StringEquals: { "iam:PermissionsBoundary": held } };
    const caller = rig.userWith("eve", allowing("iam:*", condition));
    expect(await rig.call(caller, "CreateUser", { UserName: "new" })).toMatchObject({ code: "AccessDenied" });
    const other = { UserName: "new", PermissionsBoundary: free };
    expect(await rig.call(caller, "CreateUser", other)).toMatchObject({ code: "AccessDenied" });
    expect(await rig.call(caller, "CreateUser", { ...other, PermissionsBoundary: held })).toMatchObject({
      status: 200,
    });
    expect(await rig.call(caller, "AttachUserPolicy", attach)).toMatchObject({ status: 200 });
    expect(await rig.call(caller, "PutUserPolicy", { UserName: "bob", ...inline, PolicyDocument })).toMatchObject({
      code: "AccessDenied",
    });
    expect(await rig.call(caller, "PutUserPermissionsBoundary", { ...ann, PermissionsBoundary: free })).toMatchObject({
      code: "AccessDenied",
    });
  });

  it("aws:ResourceTag is of the user, aws:RequestTag and aws:TagKeys are of the request", async () => {
    const own = rig.userWith(
      "eve",
      allowing("iam:DeleteUserPolicy", { StringEquals: { "aws:ResourceTag/team": "blue" } }),
    );
    expect(await rig.call(own, "DeleteUserPolicy", { UserName: "bob", ...inline })).toMatchObject({
      code: "AccessDenied",
    });
    expect(await rig.call(own, "DeleteUserPolicy", { ...ann, ...inline })).toMatchObject({ status: 200 });
    const tagger = rig.userWith(
      "eve",
      allowing("iam:TagUser", {
        StringEquals: { "aws:RequestTag/team": ["red", "green"] },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
      }),
    );
    expect(await rig.call(tagger, "TagUser", { ...ann, Tags })).toMatchObject({ status: 200 });
    for (const more of [[{ Key: "team", Value: "blue" }], [...Tags, { Key: "rank", Value: "1" }]]) {
      expect(await rig.call(tagger, "TagUser", { ...ann, Tags: more })).toMatchObject({ code: "AccessDenied" });
    }
  });
});

describe("other accounts", () => {
  beforeAll(fill);
  afterAll(() => rig.dispose());

  it("are out of reach, for the root too", async () => {
    const foreign = "arn:aws:iam::210987654321:policy/theirs";
    for (const [name, parameters] of [
      ["GetPolicy", { PolicyArn: foreign }],
      ["DeletePolicy", { PolicyArn: foreign }],
      ["CreatePolicyVersion", { PolicyArn: foreign, PolicyDocument }],
      [
        "GetOpenIDConnectProvider",
        { OpenIDConnectProviderArn: "arn:aws:iam::210987654321:oidc-provider/idp.example.com" },
      ],
    ] as const) {
      expect(await rig.call(rig.root(), name, parameters)).toMatchObject({ status: 403, code: "AccessDenied" });
    }
    const attached = await rig.call(rig.root(), "AttachUserPolicy", { ...ann, PolicyArn: foreign });
    expect(attached).toMatchObject({ status: 404, code: "NoSuchEntity" });
  });
});
