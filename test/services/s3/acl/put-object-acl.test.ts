import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectAclCommand,
  PutObjectAclCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { failure, type Sherd, startSherd } from "../../../support/sherd.ts";
import { ABSENT_VERSION, versionedBucket } from "../versioned.ts";

const Bucket = "bucket";
const object = { Bucket, Key: "key" };
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket }));
  await sherd.client().send(new PutObjectCommand({ ...object, Body: "x" }));
});
afterAll(() => sherd.stop());

const owner = { ID: firstAccount.canonicalId, DisplayName: "root" };
const acl = {
  Owner: owner,
  Grants: [{ Grantee: { ...owner, Type: "CanonicalUser" as const }, Permission: "FULL_CONTROL" as const }],
};

test("the ACL of an object says that its owner has full control", async () => {
  const { $metadata: _, ...got } = await sherd.client().send(new GetObjectAclCommand(object));
  expect(got).toEqual(acl);
});

test("that ACL may be set, and no other", async () => {
  const client = sherd.client();
  await client.send(new PutObjectAclCommand({ ...object, ACL: "private" }));
  await client.send(new PutObjectAclCommand({ ...object, ACL: "bucket-owner-full-control" }));
  await client.send(new PutObjectAclCommand({ ...object, AccessControlPolicy: acl }));
  const refused = { code: "AccessControlListNotSupported", status: 400 };
  const AllUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
  for (const more of [{ ACL: "public-read" as const }, { GrantRead: `uri="${AllUsers}"` }]) {
    expect(await failure(client.send(new PutObjectAclCommand({ ...object, ...more })))).toMatchObject(refused);
  }
});

describe("what is not there", () => {
  test("objects and buckets", async () => {
    const client = sherd.client();
    const absent = { ...object, Key: "absent" };
    for (const [name, code] of [
      [absent, "NoSuchKey"] as const,
      [{ ...object, Bucket: "absent" }, "NoSuchBucket"] as const,
    ]) {
      expect(await failure(client.send(new GetObjectAclCommand(name)))).toMatchObject({ code, status: 404 });
      const put = new PutObjectAclCommand({ ...name, ACL: "private" });
      expect(await failure(client.send(put))).toMatchObject({ code, status: 404 });
    }
  });

  test("versions", async () => {
    const client = sherd.client();
    await versionedBucket(client, "versioned");
    const key = { Bucket: "versioned", Key: "key" };
    const { VersionId } = await client.send(new PutObjectCommand({ ...key, Body: "x" }));
    await client.send(new DeleteObjectCommand(key));
    await client.send(new GetObjectAclCommand({ ...key, VersionId }));
    await client.send(new PutObjectAclCommand({ ...key, VersionId, ACL: "private" }));
    expect(await failure(client.send(new GetObjectAclCommand(key)))).toMatchObject({ code: "NoSuchKey" });
    const absent = { ...key, VersionId: ABSENT_VERSION };
    expect(await failure(client.send(new GetObjectAclCommand(absent)))).toMatchObject({ code: "NoSuchVersion" });
  });
});
