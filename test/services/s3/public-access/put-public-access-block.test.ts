import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  type PublicAccessBlockConfiguration,
  PutPublicAccessBlockCommand,
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

const put = (PublicAccessBlockConfiguration: PublicAccessBlockConfiguration, name = Bucket) =>
  sherd.client().send(new PutPublicAccessBlockCommand({ Bucket: name, PublicAccessBlockConfiguration }));
const get = (name = Bucket) => sherd.client().send(new GetPublicAccessBlockCommand({ Bucket: name }));
const remove = (name = Bucket) => sherd.client().send(new DeletePublicAccessBlockCommand({ Bucket: name }));

const all = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
const none = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};

test("each setting is kept by itself; what is not said is off", async () => {
  expect((await get()).PublicAccessBlockConfiguration).toEqual(all);
  expect((await get()).PublicAccessBlockConfiguration).toEqual(all);
  await put({ BlockPublicPolicy: true });
  expect((await get()).PublicAccessBlockConfiguration).toEqual({ ...none, BlockPublicPolicy: true });
  await remove();
  await remove();
  expect(await failure(get())).toMatchObject({ code: "NoSuchPublicAccessBlockConfiguration", status: 404 });
});

test.each([
  [
    "<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls></PublicAccessBlockConfiguration>",
    "MalformedXML",
  ],
  ["<Tagging/>", "MalformedXML"],
  ["", "MissingRequestBodyError"],
])("%s", async (body, code) => {
  const { status, text } = await sherd.raw({ method: "PUT", path: "/bucket?publicAccessBlock", body });
  expect([status, elementText(text, "Code")]).toEqual([400, code]);
});

test("of a bucket that is not there", async () => {
  for (const call of [() => get("absent"), () => put(all, "absent"), () => remove("absent")]) {
    expect(await failure(call())).toMatchObject({ code: "NoSuchBucket", status: 404 });
  }
});
