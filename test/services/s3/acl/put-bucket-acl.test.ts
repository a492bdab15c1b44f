import { CreateBucketCommand, GetBucketAclCommand, PutBucketAclCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";

const Bucket = "bucket";
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => sherd.stop());

const owner = { ID: firstAccount.canonicalId, DisplayName: "root" };
const acl = {
  Owner: owner,
  Grants: [{ Grantee: { ...owner, Type: "CanonicalUser" as const }, Permission: "FULL_CONTROL" as const }],
};
const put = (options: { body?: string; headers?: Record<string, string>; path?: string }) =>
  sherd.raw({ method: "PUT", path: "/bucket?acl", ...options });
const policy = (grants: string, ownerId = firstAccount.canonicalId) =>
  `<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>${ownerId}</ID></Owner>` +
  `<AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`;
const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type';
const grant = (grantee: string, permission: string) =>
  `<Grant><Grantee ${xsi}="CanonicalUser">${grantee}</Grantee><Permission>${permission}</Permission></Grant>`;
const owners = grant(`<ID>${firstAccount.canonicalId}</ID>`, "FULL_CONTROL");
const everybody = grant("<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>", "READ");

test("the ACL of a bucket says that its owner has full control", async () => {
  const { $metadata: _, ...got } = await sherd.client().send(new GetBucketAclCommand({ Bucket }));
  expect(got).toEqual(acl);
  expect(await failure(sherd.client().send(new GetBucketAclCommand({ Bucket: "absent" })))).toMatchObject({
    code: "NoSuchBucket",
  });
});

describe("the ACL that the bucket has anyway may be set", () => {
  test("canned", async () => {
    const client = sherd.client();
    await client.send(new PutBucketAclCommand({ Bucket, ACL: "private" }));
    for (const name of ["private", "bucket-owner-full-control"]) {
      expect(await put({ headers: { "x-amz-acl": name } })).toMatchObject({ status: 200, text: "" });
    }
  });

  test("by grants and as XML", async () => {
    const client = sherd.client();
    await client.send(new PutBucketAclCommand({ Bucket, GrantFullControl: `id="${firstAccount.canonicalId}"` }));
    await client.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy: acl }));
    expect((await put({ body: policy(owners) })).status).toBe(200);
  });
});

describe("is refused", () => {
  test.each(["public-read", "public-read-write", "authenticated-read", "log-delivery-write"])("%s", async (name) => {
    const { status, text } = await put({ headers: { "x-amz-acl": name } });
    expect([status, elementText(text, "Code")]).toEqual([400, "AccessControlListNotSupported"]);
    expect(elementText(text, "Message")).toBe("The bucket does not allow ACLs");
  });

  test.each([
    ["nobody known", policy(grant("<ID>somebody</ID>", "FULL_CONTROL")), "InvalidArgument"],
    ["the public besides the owner", policy(owners + everybody), "AccessControlListNotSupported"],
    [
      "the owner, but only to read",
      policy(grant(`<ID>${firstAccount.canonicalId}</ID>`, "READ")),
      "AccessControlListNotSupported",
    ],
    ["nobody", policy(""), "AccessControlListNotSupported"],
    ["another owner", policy(owners, "somebody"), "AccessControlListNotSupported"],
    [
      "a permission that is none",
      policy(grant(`<ID>${firstAccount.canonicalId}</ID>`, "EVERYTHING")),
      "MalformedACLError",
    ],
    ["a grant to no one", policy("<Grant><Permission>READ</Permission></Grant>"), "MalformedACLError"],
    ["no list", "<AccessControlPolicy/>", "MalformedACLError"],
    ["another document", "<Tagging/>", "MalformedXML"],
    ["no document at all", "", "MissingSecurityHeader"],
  ])("%s", async (_, body, code) => {
    const { status, text } = await put({ body });
    expect([status, elementText(text, "Code")]).toEqual([400, code]);
  });

  test("both as headers and as XML", async () => {
    const { text } = await put({ headers: { "x-amz-acl": "private" }, body: policy(owners) });
    expect(elementText(text, "Code")).toBe("UnexpectedContent");
    const both = { "x-amz-acl": "private", "x-amz-grant-full-control": `id=${firstAccount.canonicalId}` };
    expect(elementText((await put({ headers: both })).text, "Code")).toBe("InvalidRequest");
  });

  test("of a bucket that is not there", async () => {
    const { status, text } = await put({ path: "/absent?acl", headers: { "x-amz-acl": "private" } });
    expect([status, elementText(text, "Code")]).toEqual([404, "NoSuchBucket"]);
  });
});
