import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import type { StoreSettings } from "../../../../src/store/settings.ts";
import {
  allowing,
  nobody,
  otherAccount,
  otherRoot,
  root,
  type S3As,
  type S3Request,
  s3As,
  user,
} from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

let rig: TestStore;
let asRoot: S3As;
let asOther: S3As;
let asNobody: S3As;

async function open(settings: Partial<StoreSettings> = {}): Promise<void> {
  rig = await openTestStore({ settings: { objectOwnership: "ObjectWriter", blockPublicAccess: false, ...settings } });
  [asRoot, asOther, asNobody] = [root, otherRoot, nobody].map((asker) => s3As(rig.store, asker)) as [S3As, S3As, S3As];
  const { accounts } = rig.store.metadata.identities;
  const { accountId: id, canonicalId, name } = otherAccount;
  await rig.d1.batch([
    rig.d1
      .prepare(
        "INSERT INTO accounts (id, canonical_id, name, email, state, created_ms) VALUES (?1, ?2, ?3, ?4, 'active', 0)",
      )
      .bind(id, canonicalId, name, "other@example.org"),
  ]);
  expect((await accounts.find(id))?.canonicalId).toBe(canonicalId);
  await done({ method: "PUT", path: "/box" });
}
beforeEach(() => open());
afterEach(() => rig.dispose());

async function done(request: S3Request, as = asRoot): Promise<string> {
  const { status, text } = await as(request);
  if (status >= 300) throw new Error(`${request.method} ${request.path}: ${status} ${text}`);
  return text;
}
const outcome = async (as: S3As, path: string, method = "GET", body?: string) => {
  const { status, code } = await as({ path, method, ...(body !== undefined && { body }) });
  return code === "" ? status : `${status} ${code}`;
};
const put = (key: string, headers: Record<string, string> = {}, as = asRoot) =>
  as({ method: "PUT", path: `/box/${key}`, body: "x", headers });
const setBucketAcl = (headers: Record<string, string>, as = asRoot) => as({ method: "PUT", path: "/box?acl", headers });
const id = (canonicalId: string) => `id="${canonicalId}"`;

describe("an object's ACL: grant × caller", () => {
  const callers = (): Record<string, S3As> => ({
    owner: asRoot,
    "owner's user with s3:*": s3As(rig.store, user(firstAccount, [allowing("s3:*")])),
    "owner's user with nothing": s3As(rig.store, user(firstAccount)),
    "other root": asOther,
    "other's user with s3:*": s3As(rig.store, user(otherAccount, [allowing("s3:*")])),
    "other's user with nothing": s3As(rig.store, user(otherAccount)),
    nobody: asNobody,
  });
  const owners = ["owner", "owner's user with s3:*"];
  const others = ["other root", "other's user with s3:*"];
  // Across accounts both sides must allow, also where the one allows everybody.
  const everybody = ["owner", "owner's user with s3:*", "owner's user with nothing", ...others, "nobody"];
  const authenticated = everybody.filter((name) => name !== "nobody");

  test.each<[Record<string, string>, readonly string[]]>([
    [{}, owners],
    [{ "x-amz-acl": "private" }, owners],
    [{ "x-amz-acl": "public-read" }, everybody],
    [{ "x-amz-acl": "public-read-write" }, everybody],
    [{ "x-amz-acl": "authenticated-read" }, authenticated],
    [{ "x-amz-acl": "bucket-owner-read" }, owners],
    [{ "x-amz-acl": "aws-exec-read" }, owners],
    [{ "x-amz-grant-read": id(otherAccount.canonicalId) }, others],
    [{ "x-amz-grant-full-control": id(otherAccount.canonicalId) }, others],
    [{ "x-amz-grant-read": 'emailAddress="other@example.org"' }, others],
    [{ "x-amz-grant-read-acp": id(otherAccount.canonicalId) }, []],
    [{ "x-amz-grant-write": id(otherAccount.canonicalId) }, []],
    [{ "x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' }, everybody],
  ])("%j can be read by %j", async (headers, readers) => {
    expect((await put("k", headers)).status).toBe(200);
    const can: string[] = [];
    for (const [name, as] of Object.entries(callers())) {
      // The owner's account may do everything, whatever the ACL says.
      if ((await as({ path: "/box/k" })).code === "" && !owners.includes(name)) can.push(name);
    }
    expect(can).toEqual(readers.filter((name) => !owners.includes(name)));
    for (const name of owners) expect(await outcome(callers()[name] as S3As, "/box/k")).toBe(200);
  });

  test("READ_ACP and WRITE_ACP are for the ACL alone", async () => {
    await put("k", { "x-amz-grant-read-acp": id(otherAccount.canonicalId) });
    expect(await outcome(asOther, "/box/k?acl")).toBe(200);
    const open = { method: "PUT", path: "/box/k?acl", headers: { "x-amz-acl": "public-read" } };
    expect((await asOther(open)).code).toBe("AccessDenied");
    await put("k", { "x-amz-grant-write-acp": id(otherAccount.canonicalId) });
    expect(await outcome(asOther, "/box/k?acl")).toBe("403 AccessDenied");
    expect(await outcome(asNobody, "/box/k")).toBe("403 AccessDenied");
    expect((await asOther(open)).status).toBe(200);
    expect(await outcome(asNobody, "/box/k")).toBe(200);
  });

  test("PutObjectAcl by XML replaces all, and comes back", async () => {
    await put("k", { "x-amz-acl": "public-read" });
    const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${otherAccount.canonicalId}</ID></Grantee>`;
    const body = `<AccessControlPolicy><Owner><ID>${firstAccount.canonicalId}</ID></Owner><AccessControlList><Grant>${grantee}<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`;
    expect(await outcome(asRoot, "/box/k?acl", "PUT", body)).toBe(200);
    expect(await outcome(asNobody, "/box/k")).toBe("403 AccessDenied");
    expect(await outcome(asOther, "/box/k")).toBe(200);
    const acl = await done({ path: "/box/k?acl" });
    expect(acl).toContain(`<ID>${otherAccount.canonicalId}</ID></Grantee><Permission>READ</Permission>`);
    expect(acl).not.toContain("AllUsers");
    const foreign = body.replace(firstAccount.canonicalId, otherAccount.canonicalId);
    expect(await outcome(asRoot, "/box/k?acl", "PUT", foreign)).toBe("403 AccessDenied");
  });

  test("a copy has none of its source's, an overwriting none of what was there", async () => {
    await put("k", { "x-amz-acl": "public-read" });
    await done({ method: "PUT", path: "/box/copy", headers: { "x-amz-copy-source": "/box/k" } });
    expect(await outcome(asNobody, "/box/copy")).toBe("403 AccessDenied");
    await put("k");
    expect(await outcome(asNobody, "/box/k")).toBe("403 AccessDenied");
  });

  test("a multipart upload's is what it was begun with", async () => {
    const headers = { "x-amz-acl": "public-read" };
    const begun = await done({ method: "POST", path: "/box/parts?uploads", headers });
    const uploadId = /<UploadId>([^<]*)/.exec(begun)?.[1];
    const { headers: part } = await asRoot({
      method: "PUT",
      path: `/box/parts?uploadId=${uploadId}&partNumber=1`,
      body: "x",
    });
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.ETag}</ETag></Part></CompleteMultipartUpload>`;
    await done({ method: "POST", path: `/box/parts?uploadId=${uploadId}`, body });
    expect(await outcome(asNobody, "/box/parts")).toBe(200);
  });

  test.each([
    [{ "x-amz-acl": "open" }, "InvalidArgument"],
    [{ "x-amz-grant-read": "everybody" }, "InvalidArgument"],
    [{ "x-amz-grant-read": 'id="abc"' }, "InvalidArgument"],
    [{ "x-amz-grant-read": id("c".repeat(64)) }, "InvalidArgument"],
    [{ "x-amz-grant-read": 'uri="http://example.org/"' }, "InvalidArgument"],
    [{ "x-amz-grant-read": 'emailAddress="nobody@example.org"' }, "UnresolvableGrantByEmailAddress"],
    [{ "x-amz-acl": "private", "x-amz-grant-read": id(otherAccount.canonicalId) }, "InvalidRequest"],
  ])("%j is refused with %s", async (headers, code) => {
    expect((await put("k", headers as Record<string, string>)).code).toBe(code);
    expect(await outcome(asRoot, "/box/k")).toBe("404 NoSuchKey");
  });
});

describe("a bucket's ACL", () => {
  test("READ lists, WRITE writes, and neither does the other's", async () => {
    expect(await outcome(asOther, "/box")).toBe("403 AccessDenied");
    await setBucketAcl({ "x-amz-grant-read": id(otherAccount.canonicalId) });
    for (const path of ["/box", "/box?list-type=2", "/box?versions", "/box?uploads"]) {
      expect(await outcome(asOther, path)).toBe(200);
    }
    expect(await outcome(asOther, "/box/k", "PUT", "x")).toBe("403 AccessDenied");
    expect(await outcome(asOther, "/box?acl")).toBe("403 AccessDenied");
    await setBucketAcl({ "x-amz-grant-write": id(otherAccount.canonicalId) });
    expect(await outcome(asOther, "/box/k", "PUT", "x")).toBe(200);
    expect(await outcome(asOther, "/box")).toBe("403 AccessDenied");
    await setBucketAcl({ "x-amz-acl": "private" });
    expect(await outcome(asOther, "/box/k", "PUT", "x")).toBe("403 AccessDenied");
  });

  test("public-read-write is for everybody, log-delivery-write for nobody here", async () => {
    await setBucketAcl({ "x-amz-acl": "public-read-write" });
    expect(await outcome(asNobody, "/box")).toBe(200);
    expect(await outcome(asNobody, "/box/k", "PUT", "x")).toBe(200);
    expect(await outcome(asNobody, "/box/k", "DELETE")).toBe("403 AccessDenied");
    expect(await done({ path: "/box?acl" })).toContain("<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>");
    await setBucketAcl({ "x-amz-acl": "log-delivery-write" });
    expect(await outcome(asNobody, "/box")).toBe("403 AccessDenied");
    expect(await done({ path: "/box?acl" })).toContain("groups/s3/LogDelivery");
  });

  test("can be given when the bucket is made", async () => {
    await done({ method: "PUT", path: "/open", headers: { "x-amz-acl": "public-read" } });
    expect(await outcome(asNobody, "/open")).toBe(200);
  });

  test("does not change what the bucket's objects say", async () => {
    await put("k");
    await setBucketAcl({ "x-amz-acl": "public-read" });
    expect(await outcome(asNobody, "/box/k")).toBe("403 AccessDenied");
  });
});

describe("whose an object is", () => {
  const owners = async (path: string) =>
    [...(await done({ path })).matchAll(/<Owner><ID>([^<]*)/g)].map(([, owner]) => owner);
  beforeEach(() => setBucketAcl({ "x-amz-acl": "public-read-write" }));

  test("ObjectWriter: its writer's, whom the bucket's owner cannot read", async () => {
    await put("theirs", {}, asOther);
    await put("mine");
    expect(await outcome(asOther, "/box/theirs")).toBe(200);
    expect(await outcome(asRoot, "/box/theirs")).toBe("403 AccessDenied");
    expect(await outcome(asRoot, "/box/theirs?tagging")).toBe("403 AccessDenied");
    for (const path of [
      "/box",
      "/box?list-type=2&fetch-owner=true",
      "/box?delimiter=/",
      "/box?versions",
      "/box?versions&delimiter=/",
    ]) {
      expect(await owners(path)).toEqual([firstAccount.canonicalId, otherAccount.canonicalId]);
    }
    expect(await done({ path: "/box/theirs?acl" }, asOther)).toContain(`<ID>${otherAccount.canonicalId}</ID>`);
    // Deleting is the bucket owner's right.
    expect(await outcome(asRoot, "/box/theirs", "DELETE")).toBe(204);
  });

  test("ObjectWriter: bucket-owner-full-control lets the bucket's owner in, and the object stays its writer's", async () => {
    await put("theirs", { "x-amz-acl": "bucket-owner-full-control" }, asOther);
    expect(await outcome(asRoot, "/box/theirs")).toBe(200);
    expect(await owners("/box")).toEqual([otherAccount.canonicalId]);
  });

  test("a bucket policy does not give away what is another account's", async () => {
    await put("theirs", {}, asOther);
    await put("mine");
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::box/*" },
    });
    await done({ method: "PUT", path: "/box?policy", body: policy });
    expect(await outcome(asNobody, "/box/mine")).toBe(200);
    expect(await outcome(asNobody, "/box/theirs")).toBe("403 AccessDenied");
  });

  test("BucketOwnerPreferred: the bucket owner's if it is given to them, otherwise its writer's", async () => {
    const body =
      "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>";
    await done({ method: "PUT", path: "/box?ownershipControls", body });
    await put("given", { "x-amz-acl": "bucket-owner-full-control" }, asOther);
    await put("kept", {}, asOther);
    expect(await owners("/box")).toEqual([firstAccount.canonicalId, otherAccount.canonicalId]);
    expect(await outcome(asRoot, "/box/given")).toBe(200);
    expect(await outcome(asRoot, "/box/kept")).toBe("403 AccessDenied");
  });

  test("BucketOwnerEnforced: everything is the bucket owner's, and no ACL counts", async () => {
    await put("theirs", { "x-amz-acl": "public-read" }, asOther);
    const body =
      "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
    const enforce = { method: "PUT", path: "/box?ownershipControls", body };
    expect((await asRoot(enforce)).code).toBe("InvalidBucketAclWithObjectOwnership");
    await setBucketAcl({ "x-amz-acl": "private" });
    await done(enforce);
    expect(await outcome(asRoot, "/box/theirs")).toBe(200);
    expect(await outcome(asOther, "/box/theirs")).toBe("403 AccessDenied");
    expect(await outcome(asNobody, "/box/theirs")).toBe("403 AccessDenied");
    expect((await put("k", { "x-amz-acl": "public-read" })).code).toBe("AccessControlListNotSupported");
    expect((await put("k", { "x-amz-acl": "bucket-owner-full-control" })).status).toBe(200);
    expect((await setBucketAcl({ "x-amz-acl": "public-read" })).code).toBe("AccessControlListNotSupported");
    expect(await done({ path: "/box/theirs?acl" })).toContain(`<Owner><ID>${firstAccount.canonicalId}</ID>`);
  });

  test("anonymous writes belong to nobody's account", async () => {
    await put("k", {}, asNobody);
    expect(await outcome(asRoot, "/box/k")).toBe("403 AccessDenied");
    expect(await outcome(asNobody, "/box/k")).toBe("403 AccessDenied");
    expect(await owners("/box")).toEqual(["65a011a29cdf8ec533ec3d1ccaae921c"]);
  });
});

describe("public access blocked: setting × what it is about", () => {
  const POLICY = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::box/policy/*" },
  });
  const settings = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] as const;
  const blockBody = (on: readonly string[]) =>
    `<PublicAccessBlockConfiguration>${on.map((name) => `<${name}>true</${name}>`).join("")}</PublicAccessBlockConfiguration>`;
  const setBucketBlock = (on: readonly string[]) =>
    done({ method: "PUT", path: "/box?publicAccessBlock", body: blockBody(on) });
  const account = { "x-amz-account-id": firstAccount.accountId };
  const ACCOUNT_PATH = "/v20180820/configuration/publicAccessBlock";
  const setAccountBlock = (on: readonly string[]) =>
    done({ method: "PUT", path: ACCOUNT_PATH, body: blockBody(on), headers: account });

  /** What works in a bucket that has a public policy and public ACLs from before. */
  async function matrix(): Promise<Record<string, boolean>> {
    const allowed = async (as: S3As, request: S3Request) => (await as(request)).code === "";
    const body = "x";
    return {
      "put a public ACL": await allowed(asRoot, {
        method: "PUT",
        path: "/box/new",
        body,
        headers: { "x-amz-acl": "public-read" },
      }),
      "set a public ACL": await allowed(asRoot, {
        method: "PUT",
        path: "/box/acl/k?acl",
        headers: { "x-amz-acl": "public-read" },
      }),
      "set a public bucket ACL": await allowed(asRoot, {
        method: "PUT",
        path: "/box?acl",
        headers: { "x-amz-acl": "public-read" },
      }),
      "read by a public ACL": await allowed(asNobody, { path: "/box/acl/k" }),
      "put a public policy": await allowed(asRoot, { method: "PUT", path: "/box?policy", body: POLICY }),
      "read by a public policy": await allowed(asNobody, { path: "/box/policy/k" }),
      "read by the owner": await allowed(asRoot, { path: "/box/policy/k" }),
    };
  }
  const ALL = Object.fromEntries(
    [
      "put a public ACL",
      "set a public ACL",
      "set a public bucket ACL",
      "read by a public ACL",
      "put a public policy",
      "read by a public policy",
      "read by the owner",
    ].map((name) => [name, true]),
  );
  const without = (...names: string[]) => ({ ...ALL, ...Object.fromEntries(names.map((name) => [name, false])) });

  beforeEach(async () => {
    await put("acl/k", { "x-amz-acl": "public-read" });
    await put("policy/k");
    await done({ method: "PUT", path: "/box?policy", body: POLICY });
  });

  const expected: [readonly string[], Record<string, boolean>][] = [
    [[], ALL],
    [["BlockPublicAcls"], without("put a public ACL", "set a public ACL", "set a public bucket ACL")],
    [["IgnorePublicAcls"], without("read by a public ACL")],
    [["BlockPublicPolicy"], without("put a public policy")],
    // A bucket with a public policy is for its own account alone: its public objects too.
    [["RestrictPublicBuckets"], without("read by a public policy", "read by a public ACL")],
    [settings, { ...Object.fromEntries(Object.keys(ALL).map((name) => [name, false])), "read by the owner": true }],
  ];

  test.each(expected)("of the bucket: %j", async (on, works) => {
    await setBucketBlock(on);
    expect(await matrix()).toEqual(works);
  });

  test.each(expected)("of the account: %j", async (on, works) => {
    await setAccountBlock(on);
    expect(await matrix()).toEqual(works);
    await done({ method: "DELETE", path: ACCOUNT_PATH, headers: account });
    expect(await matrix()).toEqual(ALL);
  });

  test("the account's holds for buckets that are made later, and for nobody else's", async () => {
    await setAccountBlock(["IgnorePublicAcls"]);
    for (const [name, as] of [
      ["later", asRoot],
      ["theirs", asOther],
    ] as const) {
      await done({ method: "PUT", path: `/${name}` }, as);
      await done({ method: "PUT", path: `/${name}/k`, body: "x", headers: { "x-amz-acl": "public-read" } }, as);
    }
    expect(await outcome(asNobody, "/later/k")).toBe("403 AccessDenied");
    expect(await outcome(asNobody, "/theirs/k")).toBe(200);
  });

  test("the account's is read, and is its own members' alone", async () => {
    expect((await asRoot({ path: ACCOUNT_PATH, headers: account })).code).toBe("NoSuchPublicAccessBlockConfiguration");
    await setAccountBlock(["BlockPublicPolicy"]);
    const text = await done({ path: ACCOUNT_PATH, headers: account });
    expect(text).toContain("<BlockPublicAcls>false</BlockPublicAcls>");
    expect(text).toContain("<BlockPublicPolicy>true</BlockPublicPolicy>");
    const bare = s3As(rig.store, user(firstAccount));
    const reader = s3As(rig.store, user(firstAccount, [allowing("s3:GetAccountPublicAccessBlock")]));
    for (const as of [asOther, asNobody, bare]) {
      expect((await as({ path: ACCOUNT_PATH, headers: account })).code).toBe("AccessDenied");
    }
    expect((await reader({ path: ACCOUNT_PATH, headers: account })).status).toBe(200);
    for (const method of ["PUT", "DELETE"]) {
      expect((await reader({ method, path: ACCOUNT_PATH, headers: account, body: blockBody([]) })).code).toBe(
        "AccessDenied",
      );
    }
    expect((await asOther({ path: ACCOUNT_PATH, headers: { "x-amz-account-id": otherAccount.accountId } })).code).toBe(
      "NoSuchPublicAccessBlockConfiguration",
    );
  });

  test("a new bucket blocks everything from the start, as at AWS", async () => {
    await rig.dispose();
    await open({ objectOwnership: "BucketOwnerEnforced", blockPublicAccess: true });
    expect((await asRoot({ method: "PUT", path: "/box?policy", body: POLICY })).code).toBe("AccessDenied");
    expect((await asRoot({ method: "PUT", path: "/open", headers: { "x-amz-acl": "public-read" } })).code).toBe(
      "InvalidBucketAclWithObjectOwnership",
    );
    const headers = { "x-amz-acl": "public-read", "x-amz-object-ownership": "ObjectWriter" };
    expect((await asRoot({ method: "PUT", path: "/open", headers })).code).toBe(
      "InvalidBucketAclWithBlockPublicAccessError",
    );
  });
});

test("a writer of another account appends to objects of its own alone", async () => {
  expect((await setBucketAcl({ "x-amz-grant-write": id(otherAccount.canonicalId) })).status).toBe(200);
  await put("ours");
  await put("theirs", {}, asOther);
  const append = { "x-amz-write-offset-bytes": "1" };
  expect((await put("ours", append, asOther)).code).toBe("AccessDenied");
  expect((await put("theirs", append, asOther)).status).toBe(200);
  expect(await done({ path: "/box/ours" })).toBe("x");
});

test("BucketOwnerPreferred: giving an append away does not let it into the bucket owner's object", async () => {
  await open({ objectOwnership: "BucketOwnerPreferred" });
  await setBucketAcl({ "x-amz-grant-write": id(otherAccount.canonicalId) });
  await put("ours");
  const append = { "x-amz-write-offset-bytes": "1", "x-amz-acl": "bucket-owner-full-control" };
  expect((await put("ours", append, asOther)).code).toBe("AccessDenied");
  expect((await put("ours", append)).status).toBe(200);
});

describe("unfinished uploads of an account that the bucket's ACL lets write", () => {
  const create = async (as: S3As) =>
    /<UploadId>(.+?)</.exec(await done({ method: "POST", path: "/box/k?uploads" }, as))?.[1];
  const part = (uploadId = "", as = asOther) =>
    as({ method: "PUT", path: `/box/k?partNumber=1&uploadId=${uploadId}`, body: "x" });
  beforeEach(() => setBucketAcl({ "x-amz-grant-write": id(otherAccount.canonicalId) }));

  test("are theirs to fill, list and abort", async () => {
    const uploadId = await create(asOther);
    expect((await part(uploadId)).status).toBe(200);
    expect(await outcome(asOther, `/box/k?uploadId=${uploadId}`)).toBe(200);
    expect(await outcome(asOther, `/box/k?uploadId=${uploadId}`, "DELETE")).toBe(204);
  });

  test("of the bucket's owner are closed to them", async () => {
    const uploadId = await create(asRoot);
    expect((await part(uploadId)).code).toBe("AccessDenied");
    const list =
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
    expect(await outcome(asOther, `/box/k?uploadId=${uploadId}`, "POST", list)).toBe("403 AccessDenied");
    expect(await outcome(asOther, `/box/k?uploadId=${uploadId}`)).toBe("403 AccessDenied");
    expect(await outcome(asOther, `/box/k?uploadId=${uploadId}`, "DELETE")).toBe("403 AccessDenied");
  });

  test("are the bucket owner's to list and abort", async () => {
    const uploadId = await create(asOther);
    expect(await outcome(asRoot, `/box/k?uploadId=${uploadId}`)).toBe(200);
    expect(await outcome(asRoot, `/box/k?uploadId=${uploadId}`, "DELETE")).toBe(204);
  });

  test("are nobody's to abort by guessing", async () => {
    expect(await outcome(asOther, "/box/k?uploadId=unknown", "DELETE")).toBe("403 AccessDenied");
    expect(await outcome(asRoot, "/box/k?uploadId=unknown", "DELETE")).toBe("404 NoSuchUpload");
  });
});
