import {
  CreateBucketCommand,
  DeleteBucketOwnershipControlsCommand,
  GetBucketOwnershipControlsCommand,
  type ObjectOwnership,
  PutBucketOwnershipControlsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";

const Bucket = "bucket";
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => sherd.stop());

const put = (ObjectOwnership: ObjectOwnership, name = Bucket) =>
  sherd
    .client()
    .send(new PutBucketOwnershipControlsCommand({ Bucket: name, OwnershipControls: { Rules: [{ ObjectOwnership }] } }));
const get = (name = Bucket) => sherd.client().send(new GetBucketOwnershipControlsCommand({ Bucket: name }));
const remove = (name = Bucket) => sherd.client().send(new DeleteBucketOwnershipControlsCommand({ Bucket: name }));
const ENFORCED = { OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] } };

test("a new bucket is its owner's, with all that is in it", async () => {
  expect(await get()).toMatchObject(ENFORCED);
});

test("they can be taken away and set again: without them ACLs count", async () => {
  await remove();
  await remove();
  expect(await failure(get())).toMatchObject({ code: "OwnershipControlsNotFoundError", status: 404 });
  const kept = new PutObjectCommand({ Bucket, Key: "k", Body: "x", ACL: "authenticated-read" });
  // Public access is blocked by itself.
  expect(await failure(sherd.client().send(kept))).toMatchObject({ code: "AccessDenied" });
  await put("BucketOwnerEnforced");
  expect(await get()).toMatchObject(ENFORCED);
  expect(await failure(sherd.client().send(kept))).toMatchObject({ code: "AccessControlListNotSupported" });
});

test.each(["ObjectWriter", "BucketOwnerPreferred"] as const)("%s is kept", async (ownership) => {
  await put(ownership);
  expect(await get()).toMatchObject({ OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } });
});

test.each([
  ["<OwnershipControls><Rule><ObjectOwnership>Mine</ObjectOwnership></Rule></OwnershipControls>", "MalformedXML"],
  ["<OwnershipControls/>", "MalformedXML"],
  ["<OwnershipControls><Rule/><Rule/></OwnershipControls>", "MalformedXML"],
  ["", "MissingRequestBodyError"],
])("%s", async (body, code) => {
  const { status, text } = await sherd.raw({ method: "PUT", path: "/bucket?ownershipControls", body });
  expect([status, elementText(text, "Code")]).toEqual([400, code]);
});

test("of a bucket that is not there", async () => {
  for (const call of [() => get("absent"), () => put("BucketOwnerEnforced", "absent"), () => remove("absent")]) {
    expect(await failure(call())).toMatchObject({ code: "NoSuchBucket", status: 404 });
  }
});
