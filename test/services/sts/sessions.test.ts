import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../../../src/auth/access.ts";
import { RequestCaller } from "../../../src/auth/caller.ts";
import { parsePolicy } from "../../../src/auth/policy/parse.ts";
import { firstAccount, type Principal } from "../../../src/auth/principal.ts";
import { insertEntity } from "../../../src/metadata/identities/entities.ts";
import { operations } from "../../../src/services/sts/operations.ts";
import { StsRig } from "./support/sts.ts";

const account = firstAccount.accountId;
const OTHER = "210987654321";

let rig: StsRig;
beforeEach(async () => {
  rig = await StsRig.open();
});
afterEach(() => rig.iam.dispose());

const ann = (...statements: object[]) => rig.iam.userWith("ann", ...statements);
const annArn = `arn:aws:iam::${account}:user/ann`;
const trusting = (AWS: string, more: object = {}) => ({
  Effect: "Allow",
  Principal: { AWS },
  Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
  ...more,
});
const anything = { Effect: "Allow", Action: "*", Resource: "*" };

async function assume(caller: ReturnType<typeof ann>, RoleArn: string, more: object = {}) {
  return rig.call(caller, "AssumeRole", { RoleArn, RoleSessionName: "job", ...more });
}

/** A caller with temporary credentials of a role. */
function sessionOf(roleArn: string, session: Partial<Session> = {}, tags: [string, string][] = [], id = "AROATEST") {
  const { accountId, canonicalId } = firstAccount;
  const name = roleArn.slice(roleArn.lastIndexOf("/") + 1);
  const principal: Principal = {
    kind: "roleSession",
    arn: `arn:aws:sts::${accountId}:assumed-role/${name}/job`,
    accountId,
    canonicalId,
    roleArn,
    roleUniqueId: id,
    sessionName: "job",
    tags: new Map(tags),
  };
  const nowMs = rig.iam.clock.now();
  const own = {
    issuedMs: nowMs,
    expiresMs: nowMs + 3_600_000,
    sourceIdentity: null,
    transitiveTagKeys: [],
    ...session,
  };
  const facts = { context: () => undefined, now: () => rig.iam.clock.now() };
  return new RequestCaller({
    identity: { principal, identityPolicies: [] },
    accessKeyId: "ASIATEST",
    session: own,
    facts,
  });
}

describe("AssumeRole", () => {
  it("gives a session to whom the trust policy names, within the account without a policy of their own", async () => {
    const arn = await rig.role("worker", trusting(annArn));
    const { status, result } = await assume(ann(), arn, { DurationSeconds: 900 });
    expect(status).toBe(200);
    expect(result.AssumedRoleUser.Arn).toBe(`arn:aws:sts::${account}:assumed-role/worker/job`);
    expect(result.AssumedRoleUser.AssumedRoleId).toMatch(/^AROA[A-Z2-7]{17}:job$/);
    const { claims, secret } = rig.opened(result.Credentials);
    expect(secret).toBe(result.Credentials.SecretAccessKey);
    expect(claims.expiresMs - claims.issuedMs).toBe(900_000);
    expect(result.Credentials.Expiration).toBe(`${new Date(claims.expiresMs).toISOString().slice(0, 19)}Z`);
  });

  it("asks for the caller's own policy too if the trust policy names the account alone", async () => {
    const arn = await rig.role("worker", trusting(account));
    expect(await assume(ann(), arn)).toMatchObject({ status: 403, code: "AccessDenied" });
    expect(await assume(ann({ Effect: "Allow", Action: "sts:AssumeRole", Resource: arn }), arn)).toMatchObject({
      status: 200,
    });
  });

  it("denies whom the trust policy does not name, whatever their own policies say, and roles that are not there", async () => {
    const arn = await rig.role("worker", trusting(`arn:aws:iam::${account}:user/bob`));
    for (const role of [
      arn,
      arn.replace("worker", "absent"),
      arn.replace("role/", "role/path/"),
      `arn:aws:iam::${OTHER}:role/worker`,
    ]) {
      const { status, code, message } = await assume(ann(anything), role);
      expect([status, code]).toEqual([403, "AccessDenied"]);
      expect(message).toContain(`User: ${annArn} is not authorized to perform: sts:AssumeRole on resource: ${role}`);
    }
  });

  it("needs both sides across accounts", async () => {
    const { accounts } = rig.iam.identities;
    const canonicalId = "b".repeat(64);
    const key = { sql: "SELECT 1", values: [] };
    await accounts.create({ id: OTHER, canonicalId, name: "other", email: "o@example.com", createdMs: 1 }, key);
    const trust = JSON.stringify({ Version: "2012-10-17", Statement: trusting(account) });
    const role = {
      id: "AROAFOREIGN",
      accountId: OTHER,
      kind: "role",
      name: "theirs",
      path: "/",
      createdMs: 1,
    } as const;
    const rest = {
      tags: [],
      boundary: null,
      description: null,
      maxSessionSeconds: 3_600,
      usedMs: null,
      usedRegion: null,
    };
    const other = await accounts.find(OTHER);
    const change = { id: OTHER, seen: other?.accessEpoch ?? 0, nowMs: 2 };
    await accounts.change(change, [insertEntity({ ...role, ...rest, trust })]);
    const arn = `arn:aws:iam::${OTHER}:role/theirs`;
    expect(await assume(ann(), arn)).toMatchObject({ code: "AccessDenied" });
    const allowed = await assume(ann({ Effect: "Allow", Action: "sts:AssumeRole", Resource: arn }), arn);
    expect(allowed.status).toBe(200);
    expect(rig.opened(allowed.result.Credentials).claims.accountId).toBe(OTHER);
  });

  it("compares external id, session name, source identity and tags as the trust policy asks", async () => {
    const Condition = {
      StringEquals: { "sts:ExternalId": "42", "aws:RequestTag/team": "blue", "sts:SourceIdentity": "ann" },
      StringLike: { "sts:RoleSessionName": "j*" },
    };
    const arn = await rig.role("worker", trusting(annArn, { Condition }));
    const right = { ExternalId: "42", Tags: [{ Key: "team", Value: "blue" }], SourceIdentity: "ann" };
    for (const wrong of [
      { ExternalId: "43" },
      { ExternalId: undefined },
      { Tags: [{ Key: "team", Value: "red" }] },
      { SourceIdentity: "bob" },
      { RoleSessionName: "other" },
    ]) {
      expect(await assume(ann(), arn, { ...right, ...wrong })).toMatchObject({ code: "AccessDenied" });
    }
    const { status, result } = await assume(ann(), arn, { ...right, TransitiveTagKeys: ["team"] });
    expect([status, result.SourceIdentity]).toEqual([200, "ann"]);
    const { claims } = rig.opened(result.Credentials);
    expect(claims).toMatchObject({ tags: [["team", "blue"]], transitiveTagKeys: ["team"], sourceIdentity: "ann" });
  });

  it("needs the trust policy's word for tags and the source identity", async () => {
    const arn = await rig.role("worker", trusting(annArn, { Action: "sts:AssumeRole" }));
    expect(await assume(ann(), arn, { Tags: [{ Key: "a", Value: "b" }] })).toMatchObject({ code: "AccessDenied" });
    expect(await assume(ann(), arn, { SourceIdentity: "ann" })).toMatchObject({ code: "AccessDenied" });
    expect(await assume(ann(), arn)).toMatchObject({ status: 200 });
  });

  it("keeps sessions short that follow from sessions, hands on their transitive tags and their source identity", async () => {
    const first = await rig.role("first", trusting(annArn));
    const second = await rig.role("second", trusting(first), { MaxSessionDuration: 43_200 });
    const tags: [string, string][] = [
      ["team", "blue"],
      ["own", "1"],
    ];
    const role = await rig.iam.identities.entities.find(account, "role", "first");
    const chained = sessionOf(first, { transitiveTagKeys: ["team"], sourceIdentity: "ann" }, tags, role?.id);
    expect(await assume(chained, second, { DurationSeconds: 3_601 })).toMatchObject({ code: "ValidationError" });
    const conflict = { Tags: [{ Key: "Team", Value: "red" }] };
    expect(await assume(chained, second, conflict)).toMatchObject({ code: "InvalidParameterValue" });
    expect(await assume(chained, second, { SourceIdentity: "bob" })).toMatchObject({ code: "AccessDenied" });
    const { status, result } = await assume(chained, second, { Tags: [{ Key: "more", Value: "2" }] });
    expect(status).toBe(200);
    const { claims } = rig.opened(result.Credentials);
    expect(claims).toMatchObject({ sourceIdentity: "ann", transitiveTagKeys: ["team"] });
    expect(claims.tags).toEqual([
      ["team", "blue"],
      ["more", "2"],
    ]);
  });

  it("refuses what is too long, too large, malformed or for nobody", async () => {
    const arn = await rig.role("worker", trusting(annArn));
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: "v".repeat(256) }));
    for (const [more, code] of [
      [{ DurationSeconds: 3_601 }, "ValidationError"],
      [{ DurationSeconds: 899 }, "ValidationError"],
      [{ RoleSessionName: "a b" }, "ValidationError"],
      [{ Policy: "{" }, "MalformedPolicyDocument"],
      [{ Policy: " ".repeat(2_049) }, "ValidationError"],
      [{ PolicyArns: [{ arn: "arn:aws:iam::aws:policy/NoSuchPolicy" }] }, "ValidationError"],
      [{ PolicyArns: [{ arn: `arn:aws:iam::${OTHER}:policy/theirs` }] }, "ValidationError"],
      [
        {
          Tags: [
            { Key: "a", Value: "1" },
            { Key: "A", Value: "2" },
          ],
        },
        "InvalidParameterValue",
      ],
      [{ TransitiveTagKeys: ["absent"] }, "InvalidParameterValue"],
      [{ Tags: many }, "PackedPolicyTooLarge"],
      [{ SerialNumber: `arn:aws:iam::${account}:mfa/x`, TokenCode: "123456" }, "AccessDenied"],
    ] as const) {
      expect([more, (await assume(ann(), arn, more)).code]).toEqual([more, code]);
    }
    expect(await assume(rig.iam.root(), arn)).toMatchObject({ code: "AccessDenied" });
    expect(await assume(rig.anonymous(), arn)).toMatchObject({ status: 403, code: "MissingAuthenticationToken" });
  });
});

describe("GetSessionToken and GetFederationToken", () => {
  it("need a long-lived key", async () => {
    const session = sessionOf(await rig.role("worker", trusting(annArn)));
    for (const [name, parameters] of [
      ["GetSessionToken", {}],
      ["GetFederationToken", { Name: "guest" }],
    ] as const) {
      expect(await rig.call(session, name, parameters)).toMatchObject({ status: 403, code: "AccessDenied" });
    }
  });

  it("give a user twelve hours, and the root one", async () => {
    const seconds = async (caller: ReturnType<typeof ann>, DurationSeconds?: number) => {
      const { result } = await rig.call(caller, "GetSessionToken", { DurationSeconds });
      const { claims } = rig.opened(result.Credentials);
      return (claims.expiresMs - claims.issuedMs) / 1000;
    };
    expect([await seconds(ann()), await seconds(ann(), 900), await seconds(rig.iam.root())]).toEqual([
      43_200, 900, 3_600,
    ]);
    expect(await rig.call(ann(), "GetSessionToken", { DurationSeconds: 129_601 })).toMatchObject({
      code: "ValidationError",
    });
  });

  it("GetFederationToken needs its permission, and that to tag", async () => {
    const guest = { Name: "guest", Policy: JSON.stringify({ Version: "2012-10-17", Statement: anything }) };
    const arn = `arn:aws:sts::${account}:federated-user/guest`;
    expect(await rig.call(ann(), "GetFederationToken", guest)).toMatchObject({ code: "AccessDenied" });
    const allowed = ann({ Effect: "Allow", Action: "sts:GetFederationToken", Resource: arn });
    const { status, result } = await rig.call(allowed, "GetFederationToken", guest);
    expect([status, result.FederatedUser]).toEqual([200, { FederatedUserId: `${account}:guest`, Arn: arn }]);
    expect(rig.opened(result.Credentials).claims).toMatchObject({
      owner: { kind: "federated", name: "guest" },
      policy: guest.Policy,
    });
    const tagged = { ...guest, Tags: [{ Key: "team", Value: "blue" }] };
    expect(await rig.call(allowed, "GetFederationToken", tagged)).toMatchObject({ code: "AccessDenied" });
    const other = { ...guest, Name: "other" };
    expect(await rig.call(allowed, "GetFederationToken", other)).toMatchObject({ code: "AccessDenied" });
  });
});

describe("who is who", () => {
  it("GetCallerIdentity needs no permission, not even against a denial", async () => {
    const denied = ann({ Effect: "Deny", Action: "*", Resource: "*" });
    const { result } = await rig.call(denied, "GetCallerIdentity");
    expect(result).toEqual({ UserId: "AIDAann", Account: account, Arn: annArn });
    const root = await rig.call(rig.iam.root(), "GetCallerIdentity");
    expect(root.result).toEqual({ UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` });
    expect(await rig.call(rig.anonymous(), "GetCallerIdentity")).toMatchObject({ code: "MissingAuthenticationToken" });
  });

  it("GetAccessKeyInfo says the account of any key of this server", async () => {
    const { result } = await rig.call(ann(), "GetSessionToken");
    const { AccessKeyId } = result.Credentials;
    expect(await rig.call(ann(), "GetAccessKeyInfo", { AccessKeyId })).toMatchObject({ code: "AccessDenied" });
    const allowed = ann({ Effect: "Allow", Action: "sts:GetAccessKeyInfo", Resource: "*" });
    expect((await rig.call(allowed, "GetAccessKeyInfo", { AccessKeyId })).result).toEqual({ Account: account });
    const unknown = { AccessKeyId: "NOKEYOFTHISSERVER0000" };
    expect(await rig.call(allowed, "GetAccessKeyInfo", unknown)).toMatchObject({ code: "ValidationError" });
  });

  it("operations that are not built are refused by name", async () => {
    for (const [name, operation] of Object.entries(operations)) {
      if (operation === null)
        expect(await rig.call(ann(), name)).toMatchObject({ status: 501, code: "NotImplemented" });
    }
    expect(await rig.call(ann(), "NoSuchOperation")).toMatchObject({ status: 400, code: "InvalidAction" });
  });
});

describe("credentials of GetSessionToken and GetFederationToken", () => {
  const temporary = (principal: Principal) => {
    const nowMs = rig.iam.clock.now();
    const everything = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: anything }), {
      kind: "identity",
    });
    if (!everything.ok) throw new Error("no policy");
    const named = [{ name: "all", policy: everything.policy }];
    const session = { issuedMs: nowMs, expiresMs: nowMs + 900_000, sourceIdentity: null, transitiveTagKeys: [] };
    return new RequestCaller({
      identity: { principal, identityPolicies: named, sessionPolicies: named },
      accessKeyId: "ASIATEST",
      session,
      facts: { context: () => undefined, now: () => nowMs },
    });
  };
  const { accountId, canonicalId } = firstAccount;
  const member = { accountId, canonicalId };
  const federated: Principal = {
    ...member,
    kind: "federatedUser",
    name: "guest",
    arn: `arn:aws:sts::${account}:federated-user/guest`,
    issuerArn: annArn,
  };

  it.each<[string, Principal]>([
    ["a user", { ...member, kind: "user", arn: annArn, name: "ann", uniqueId: "AIDAANN" }],
    ["the root", { ...member, kind: "root", arn: `arn:aws:iam::${account}:root` }],
    ["a federated user", federated],
  ])("of %s make no key that outlives them", async (_, principal) => {
    await rig.iam.ok("CreateUser", { UserName: "ann" });
    const answer = await rig.iam.call(temporary(principal), "CreateAccessKey", { UserName: "ann" });
    expect(answer).toMatchObject({ status: 403, code: "InvalidClientTokenId" });
    expect((await rig.iam.ok("ListAccessKeys", { UserName: "ann" })).AccessKeyMetadata).toEqual([]);
  });

  it("of a federated user assume no role", async () => {
    const role = await rig.role("job", trusting(`arn:aws:iam::${account}:root`));
    expect(await assume(temporary(federated), role)).toMatchObject({ status: 403, code: "AccessDenied" });
  });
});
