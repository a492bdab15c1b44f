// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a key has this form
import { describe, expect, test } from "vitest";
import { type Decision, decide, describeDenial } from "../../../src/auth/policy/decide.ts";
import type { Policy } from "../../../src/auth/policy/policy.ts";
import type { PolicyPrincipal } from "../../../src/auth/policy/principal.ts";
import type { AccessRequest } from "../../../src/auth/policy/request.ts";
import { compile } from "./support/compile.ts";
import {
  accountA,
  accountB,
  alice,
  anonymous,
  canonicalA,
  deploySession,
  federatedAlice,
  logDelivery,
  root,
} from "./support/principals.ts";

const object = "arn:aws:s3:::holiday/a";
const allowAll = compile({ Effect: "Allow", Action: "*", Resource: "*" });
const allowList = compile({ Effect: "Allow", Action: "s3:ListBucket", Resource: "*" });
const denyAll = compile({ Sid: "No", Effect: "Deny", Action: "*", Resource: "*" });
const named = (policy: Policy) => ({ name: "one", policy });

function bucketPolicy(Principal: unknown, effect: "Allow" | "Deny" = "Allow"): Policy {
  const statement = { Sid: "B", Effect: effect, Principal, Action: "s3:*", Resource: "arn:aws:s3:::holiday/*" };
  return compile(statement, { kind: "bucket", bucket: "holiday" });
}

const notPrincipal = (names: unknown) =>
  compile(
    { Effect: "Deny", NotPrincipal: names, Action: "s3:*", Resource: "arn:aws:s3:::holiday/*" },
    { kind: "bucket", bucket: "holiday" },
  );

function ask(principal: PolicyPrincipal, more: Partial<AccessRequest> = {}): Decision {
  return decide({
    principal,
    action: "s3:GetObject",
    resource: object,
    resourceAccountId: accountA,
    context: () => undefined,
    now: 0,
    identityPolicies: [],
    ...more,
  });
}

const by = (what: string) => ({ allowed: true, by: what });
const denied = (layer: string) => ({ allowed: false, reason: { kind: "implicitDeny", layer } });

describe("in the resource's own account", () => {
  test("the root user may do everything, any other nothing without a policy", () => {
    expect(ask(root)).toEqual(by("root"));
    expect(ask(alice)).toEqual(denied("identity"));
    expect(ask(deploySession)).toEqual(denied("identity"));
    expect(ask(federatedAlice)).toEqual(denied("identity"));
    expect(ask(anonymous)).toEqual(denied("resource"));
    expect(ask(logDelivery)).toEqual(denied("resource"));
  });

  test("an identity policy is enough, if it is for the action and the resource", () => {
    expect(ask(alice, { identityPolicies: [named(allowList), named(allowAll)] })).toEqual(by("identity"));
    expect(ask(alice, { identityPolicies: [named(allowList)] })).toEqual(denied("identity"));
    const other = compile({ Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::holiday/b" });
    expect(ask(alice, { identityPolicies: [named(other)] })).toEqual(denied("identity"));
  });

  test.each<[string, PolicyPrincipal, unknown, Decision | object]>([
    ["everyone", anonymous, "*", by("resource")],
    ["everyone", alice, { AWS: "*" }, by("resource")],
    ["the user", alice, { AWS: `arn:aws:iam::${accountA}:user/alice` }, by("resource")],
    ["the user's id", alice, { AWS: "AIDAALICEALICEALICE11" }, by("resource")],
    ["another user", alice, { AWS: `arn:aws:iam::${accountA}:user/Alice` }, denied("identity")],
    ["the account", alice, { AWS: accountA }, denied("identity")],
    ["the canonical user", alice, { CanonicalUser: canonicalA }, denied("identity")],
    ["the session", deploySession, { AWS: `arn:aws:sts::${accountA}:assumed-role/deploy/run-7` }, by("resource")],
    [
      "another session",
      deploySession,
      { AWS: `arn:aws:sts::${accountA}:assumed-role/deploy/run-8` },
      denied("identity"),
    ],
    ["the role", deploySession, { AWS: `arn:aws:iam::${accountA}:role/team/deploy` }, by("resource")],
    ["the role's id", deploySession, { AWS: "AROADEPLOYDEPLOYDEP11" }, by("resource")],
    ["the role without its path", deploySession, { AWS: `arn:aws:iam::${accountA}:role/deploy` }, denied("identity")],
    ["the service", logDelivery, { Service: "logging.s3.amazonaws.com" }, by("resource")],
    ["another service", logDelivery, { Service: "s3.amazonaws.com" }, denied("resource")],
  ])("a bucket policy that names %s", (_, principal, names, expected) => {
    expect(ask(principal, { resourcePolicy: bucketPolicy(names) })).toEqual(expected);
  });

  test("an anonymous caller is no account's and no authenticated name's", () => {
    expect(ask(anonymous, { resourcePolicy: bucketPolicy({ AWS: [accountA, "AIDAALICEALICEALICE11"] }) })).toEqual(
      denied("resource"),
    );
  });
});

describe("an explicit deny wins", () => {
  test.each(["identityPolicies", "sessionPolicies"] as const)("in %s", (where) => {
    const more = { identityPolicies: [named(allowAll)], sessionPolicies: [named(allowAll)] };
    const decision = ask(deploySession, {
      ...more,
      [where]: [named(allowAll), { name: "two", policy: denyAll }],
      resourcePolicy: bucketPolicy("*"),
    });
    const layer = where === "identityPolicies" ? "identity" : "session";
    expect(decision).toEqual({ allowed: false, reason: { kind: "explicitDeny", layer, policy: "two", sid: "No" } });
  });

  test("in the permissions boundary and in the bucket policy", () => {
    const identityPolicies = [named(allowAll)];
    const boundary = { name: "limit", policy: denyAll };
    expect(ask(alice, { identityPolicies, permissionsBoundary: boundary, resourcePolicy: bucketPolicy("*") })).toEqual({
      allowed: false,
      reason: { kind: "explicitDeny", layer: "boundary", policy: "limit", sid: "No" },
    });
    const reason = { kind: "explicitDeny", layer: "resource", policy: null, sid: "B" };
    for (const names of ["*", { AWS: accountA }, { CanonicalUser: canonicalA }]) {
      const resourcePolicy = bucketPolicy(names, "Deny");
      expect(ask(alice, { identityPolicies, resourcePolicy })).toEqual({ allowed: false, reason });
      expect(ask(root, { resourcePolicy })).toEqual({ allowed: false, reason });
    }
  });

  test("for a session also by the name of its role, and for a federated user by its user's", () => {
    const identityPolicies = [named(allowAll)];
    const sessionPolicies = [named(allowAll)];
    const role = bucketPolicy({ AWS: `arn:aws:iam::${accountA}:role/team/deploy` }, "Deny");
    expect(ask(deploySession, { identityPolicies, resourcePolicy: role }).allowed).toBe(false);
    const user = bucketPolicy({ AWS: `arn:aws:iam::${accountA}:user/alice` }, "Deny");
    expect(ask(federatedAlice, { identityPolicies, sessionPolicies, resourcePolicy: user }).allowed).toBe(false);
  });

  test("over the order of the statements", () => {
    const statements = [
      { Effect: "Deny", Action: "s3:Get*", Resource: "*" },
      { Effect: "Allow", Action: "*", Resource: "*" },
    ];
    for (const Statement of [statements, [...statements].reverse()]) {
      expect(ask(alice, { identityPolicies: [named(compile({ Statement }))] }).allowed).toBe(false);
    }
  });
});

describe("permissions boundaries", () => {
  const identityPolicies = [named(allowAll)];
  const permissionsBoundary = named(allowList);

  test("limit what identity policies allow, and allow nothing", () => {
    expect(ask(alice, { identityPolicies, permissionsBoundary })).toEqual(denied("boundary"));
    expect(ask(alice, { identityPolicies, permissionsBoundary: named(allowAll) })).toEqual(by("identity"));
    expect(ask(alice, { permissionsBoundary: named(allowAll) })).toEqual(denied("identity"));
  });

  test.each<[string, PolicyPrincipal, unknown, object]>([
    ["the user", alice, { AWS: `arn:aws:iam::${accountA}:user/alice` }, by("resource")],
    ["the session", deploySession, { AWS: `arn:aws:sts::${accountA}:assumed-role/deploy/run-7` }, by("resource")],
    ["everyone", deploySession, "*", by("resource")],
    ["the role", deploySession, { AWS: `arn:aws:iam::${accountA}:role/team/deploy` }, denied("boundary")],
    ["the account", alice, { AWS: accountA }, denied("boundary")],
  ])("and what a bucket policy grants to %s", (_, principal, names, expected) => {
    const resourcePolicy = bucketPolicy(names);
    expect(ask(principal, { identityPolicies, permissionsBoundary, resourcePolicy })).toEqual(expected);
  });

  test("let every NotPrincipal with Deny catch the caller", () => {
    const resourcePolicy = notPrincipal({ AWS: [accountA, `arn:aws:iam::${accountA}:user/alice`] });
    expect(ask(alice, { identityPolicies, resourcePolicy })).toEqual(by("identity"));
    const bounded = ask(alice, { identityPolicies, resourcePolicy, permissionsBoundary: named(allowAll) });
    expect(bounded).toMatchObject({ allowed: false, reason: { kind: "explicitDeny", layer: "resource" } });
  });
});

describe("session policies", () => {
  const identityPolicies = [named(allowAll)];

  test("limit a role's session, which without them has all that the role has", () => {
    expect(ask(deploySession, { identityPolicies })).toEqual(by("identity"));
    expect(ask(deploySession, { identityPolicies, sessionPolicies: [] })).toEqual(denied("session"));
    expect(ask(deploySession, { identityPolicies, sessionPolicies: [named(allowList)] })).toEqual(denied("session"));
    const sessionPolicies = [named(allowList), named(allowAll)];
    expect(ask(deploySession, { identityPolicies, sessionPolicies })).toEqual(by("identity"));
    expect(ask(deploySession, { sessionPolicies })).toEqual(denied("identity"));
  });

  test.each<[string, unknown, object]>([
    ["the session", { AWS: `arn:aws:sts::${accountA}:assumed-role/deploy/run-7` }, by("resource")],
    ["everyone", "*", by("resource")],
    ["the role", { AWS: `arn:aws:iam::${accountA}:role/team/deploy` }, denied("session")],
  ])("and what a bucket policy grants to %s", (_, names, expected) => {
    const resourcePolicy = bucketPolicy(names);
    expect(ask(deploySession, { sessionPolicies: [named(allowList)], resourcePolicy })).toEqual(expected);
  });

  test("are all that a federated user has, within its user's", () => {
    expect(ask(federatedAlice, { identityPolicies })).toEqual(denied("session"));
    expect(ask(federatedAlice, { identityPolicies, sessionPolicies: [named(allowAll)] })).toEqual(by("identity"));
    expect(ask(federatedAlice, { sessionPolicies: [named(allowAll)] })).toEqual(denied("identity"));
    const itself = bucketPolicy({ AWS: `arn:aws:sts::${accountA}:federated-user/alice` });
    expect(ask(federatedAlice, { resourcePolicy: itself })).toEqual(by("resource"));
    const user = bucketPolicy({ AWS: `arn:aws:iam::${accountA}:user/alice` });
    expect(ask(federatedAlice, { resourcePolicy: user })).toEqual(denied("session"));
    expect(ask(federatedAlice, { resourcePolicy: user, sessionPolicies: [named(allowAll)] })).toEqual(by("resource"));
  });

  test("of a federated user that the root user made are limited by nothing else", () => {
    const ofRoot = { ...federatedAlice, issuerArn: `arn:aws:iam::${accountA}:root` } as PolicyPrincipal;
    expect(ask(ofRoot, { sessionPolicies: [named(allowAll)] })).toEqual(by("identity"));
    expect(ask(ofRoot, { sessionPolicies: [named(allowList)] })).toEqual(denied("session"));
    expect(ask(ofRoot)).toEqual(denied("session"));
  });
});

describe("across accounts", () => {
  const identityPolicies = [named(allowAll)];
  const foreign = { resourceAccountId: accountB };
  const names = ["*", { AWS: accountA }, { AWS: `arn:aws:iam::${accountA}:user/alice` }, { CanonicalUser: canonicalA }];

  test.each(names)("both sides must allow: a bucket policy for %j", (principal) => {
    const resourcePolicy = bucketPolicy(principal);
    expect(ask(alice, { ...foreign, identityPolicies, resourcePolicy })).toEqual(by("both"));
    expect(ask(alice, { ...foreign, resourcePolicy })).toEqual(denied("identity"));
    expect(ask(alice, { ...foreign, identityPolicies })).toEqual(denied("resource"));
    const limited = { ...foreign, identityPolicies, resourcePolicy };
    expect(ask(alice, { ...limited, permissionsBoundary: named(allowList) })).toEqual(denied("boundary"));
  });

  test("a session is limited however it is named", () => {
    const resourcePolicy = bucketPolicy({ AWS: `arn:aws:sts::${accountA}:assumed-role/deploy/run-7` });
    const request = { ...foreign, identityPolicies, resourcePolicy };
    expect(ask(deploySession, request)).toEqual(by("both"));
    expect(ask(deploySession, { ...request, sessionPolicies: [named(allowList)] })).toEqual(denied("session"));
  });

  test("the root user of another account needs the resource's policy", () => {
    expect(ask(root, foreign)).toEqual(denied("resource"));
    expect(ask(root, { ...foreign, resourcePolicy: bucketPolicy({ AWS: accountA }) })).toEqual(by("both"));
    expect(ask(root, { ...foreign, resourcePolicy: bucketPolicy({ AWS: accountB }) })).toEqual(denied("resource"));
  });

  test("what concerns no one resource is in the caller's own account", () => {
    const request = { resource: "*", resourceAccountId: null, action: "s3:ListAllMyBuckets" };
    expect(ask(alice, { ...request, identityPolicies })).toEqual(by("identity"));
    expect(ask(root, request)).toEqual(by("root"));
    const onObjects = compile({ Effect: "Allow", Action: "*", Resource: "arn:aws:s3:::*" });
    expect(ask(alice, { ...request, identityPolicies: [named(onObjects)] })).toEqual(denied("identity"));
  });
});

describe("NotPrincipal spares whom it names with all that they are", () => {
  const user = `arn:aws:iam::${accountA}:user/alice`;
  const role = `arn:aws:iam::${accountA}:role/team/deploy`;
  const session = `arn:aws:sts::${accountA}:assumed-role/deploy/run-7`;

  test.each<[string, PolicyPrincipal, unknown, boolean]>([
    ["the user and the account", alice, { AWS: [user, accountA] }, true],
    ["the user alone", alice, { AWS: user }, false],
    ["the account alone", alice, { AWS: accountA }, false],
    ["the user and another account", alice, { AWS: [user, accountB] }, false],
    ["everyone", alice, "*", true],
    ["the session, the role and the account", deploySession, { AWS: [session, role, accountA] }, true],
    ["the role and the account", deploySession, { AWS: [role, accountA] }, false],
    ["the session and the account", deploySession, { AWS: [session, accountA] }, false],
    ["the account", root, { AWS: `arn:aws:iam::${accountA}:root` }, true],
    ["another account", root, { AWS: accountB }, false],
    ["the service", logDelivery, { Service: "logging.s3.amazonaws.com" }, true],
    ["an account", anonymous, { AWS: accountA }, false],
  ])("%s", (_, principal, names, spared) => {
    const document = JSON.parse(notPrincipal(names).source);
    const allow = { Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::holiday/*" };
    const policy = compile(
      { ...document, Statement: [...document.Statement, allow] },
      { kind: "bucket", bucket: "holiday" },
    );
    expect(ask(principal, { resourcePolicy: policy }).allowed).toBe(spared);
  });
});

describe("trust policies", () => {
  const trust = (Principal: unknown) =>
    compile({ Effect: "Allow", Principal, Action: "sts:AssumeRole" }, { kind: "trust" });
  const request = (Principal: unknown): Partial<AccessRequest> => ({
    action: "sts:AssumeRole",
    resource: `arn:aws:iam::${accountA}:role/deploy`,
    resourcePolicy: trust(Principal),
    resourcePolicyMode: "required",
  });

  test("must allow, even in the role's own account", () => {
    const identityPolicies = [named(allowAll)];
    expect(ask(alice, { ...request({ AWS: accountB }), identityPolicies })).toEqual(denied("resource"));
    expect(ask(alice, { ...request({ AWS: accountA }), identityPolicies })).toEqual(by("identity"));
    expect(ask(alice, request({ AWS: accountA }))).toEqual(denied("identity"));
    expect(ask(alice, request({ AWS: `arn:aws:iam::${accountA}:user/alice` }))).toEqual(by("resource"));
    const none = { ...request("*"), resourcePolicy: undefined, identityPolicies };
    expect(ask(alice, none)).toEqual(denied("resource"));
  });

  test("across accounts as elsewhere", () => {
    const foreign = { ...request({ AWS: accountA }), resourceAccountId: accountB };
    expect(ask(alice, foreign)).toEqual(denied("identity"));
    expect(ask(alice, { ...foreign, identityPolicies: [named(allowAll)] })).toEqual(by("both"));
  });

  test("name a provider for web identities", () => {
    const providerArn = `arn:aws:iam::${accountA}:oidc-provider/idp.example.com`;
    const statement = {
      Effect: "Allow",
      Principal: { Federated: providerArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { "idp.example.com:aud": "sherd" } },
    };
    const policy = compile(statement, { kind: "trust" });
    const caller = (arn: string, aud: string) =>
      ask(
        { kind: "webIdentity", providerArn: arn },
        {
          action: "sts:AssumeRoleWithWebIdentity",
          resourcePolicy: policy,
          resourcePolicyMode: "required",
          context: (key) => (key === "idp.example.com:aud" ? aud : undefined),
        },
      );
    expect(caller(providerArn, "sherd")).toEqual(by("resource"));
    expect(caller(providerArn, "other")).toEqual(denied("resource"));
    expect(caller(`${providerArn}/x`, "sherd")).toEqual(denied("resource"));
  });
});

describe("ACLs and policies that cannot grant", () => {
  test("a grant to everyone reaches anonymous callers, one to the account needs an identity policy", () => {
    expect(ask(anonymous, { aclGrant: "everyone" })).toEqual(by("resource"));
    expect(ask(anonymous, { aclGrant: "account" })).toEqual(denied("resource"));
    const foreign = { resourceAccountId: accountB, identityPolicies: [named(allowAll)] };
    expect(ask(alice, { ...foreign, aclGrant: "account" })).toEqual(by("both"));
    expect(ask(alice, { ...foreign, aclGrant: "none" })).toEqual(denied("resource"));
    expect(ask(root, { resourceAccountId: accountB, aclGrant: "account" })).toEqual(by("both"));
  });

  test("no ACL overrides a deny", () => {
    expect(ask(anonymous, { aclGrant: "everyone", resourcePolicy: bucketPolicy("*", "Deny") }).allowed).toBe(false);
  });

  test("a bucket policy for an object of another account denies and does not grant", () => {
    const resourcePolicyMode = "denyOnly";
    expect(ask(anonymous, { resourcePolicyMode, resourcePolicy: bucketPolicy("*") })).toEqual(denied("resource"));
    const deny = { resourcePolicyMode, resourcePolicy: bucketPolicy("*", "Deny") } as const;
    expect(ask(alice, { ...deny, identityPolicies: [named(allowAll)] }).allowed).toBe(false);
  });
});

describe("actions and resources", () => {
  test.each([
    [{ Action: "S3:getobject", Resource: "*" }, true],
    [{ Action: "s3:Get*", Resource: "*" }, true],
    [{ Action: "s3:?etObject", Resource: "*" }, true],
    [{ Action: "s3:GetObjectAcl", Resource: "*" }, false],
    [{ Action: "*:GetObject", Resource: "*" }, true],
    [{ NotAction: "iam:*", Resource: "*" }, true],
    [{ NotAction: ["iam:*", "s3:Get*"], Resource: "*" }, false],
    [{ Action: "*", Resource: "arn:aws:s3:::HOLIDAY/a" }, false],
    [{ Action: "*", Resource: "arn:aws:s3:::holiday" }, false],
    [{ Action: "*", Resource: "arn:aws:s3:::holiday*" }, true],
    [{ Action: "*", Resource: "arn:aws:s3:*:*:holiday/?" }, true],
    [{ Action: "*", Resource: "arn:aws:s3" }, true],
    [{ Action: "*", Resource: "arn:aws:s3:*" }, true],
    [{ Action: "*", Resource: "arn:aws:sqs" }, false],
    [{ Action: "*", NotResource: "arn:aws:s3:::holiday/*" }, false],
    [{ Action: "*", NotResource: ["arn:aws:s3:::other/*", "arn:aws:s3:::holiday/b"] }, true],
    [{ Action: "*", NotResource: "*" }, false],
  ])("%j: %s", (statement, allowed) => {
    expect(ask(alice, { identityPolicies: [named(compile({ Effect: "Allow", ...statement }))] }).allowed).toBe(allowed);
  });

  test("keys with colons, stars and slashes are text", () => {
    const policy = compile({ Effect: "Allow", Action: "*", Resource: "arn:aws:s3:::holiday/a:b*/c" });
    const resource = "arn:aws:s3:::holiday/a:b?*:${x}/c";
    expect(ask(alice, { resource, identityPolicies: [named(policy)] }).allowed).toBe(true);
  });
});

test.each([
  [ask(alice), "because no identity-based policy allows the s3:GetObject action"],
  [ask(anonymous), "because no resource-based policy allows the s3:GetObject action"],
  [ask(alice, { identityPolicies: [named(denyAll)] }), "with an explicit deny in an identity-based policy"],
  [ask(alice, { resourcePolicy: bucketPolicy("*", "Deny") }), "with an explicit deny in a resource-based policy"],
  [
    ask(federatedAlice, { identityPolicies: [named(allowAll)] }),
    "because no session policy allows the s3:GetObject action",
  ],
])("%j ends AWS's message as AWS does", (decision, expected) => {
  expect(decision.allowed ? "" : describeDenial(decision.reason, "s3:GetObject")).toBe(expected);
});
