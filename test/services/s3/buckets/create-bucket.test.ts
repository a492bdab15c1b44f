import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  PutBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd({ SHERD_REGION: "eu-north-1" });
});
afterAll(() => sherd.stop());

const create = (path: string, body = "", headers = {}) => sherd.raw({ method: "PUT", path, body, headers });
const configuration = (content: string) =>
  `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</CreateBucketConfiguration>`;

describe("a new bucket", () => {
  test("is there at once, in the server's region", async () => {
    const client = sherd.client();
    const created = await client.send(new CreateBucketCommand({ Bucket: "plain" }));
    expect(created.Location).toBe("/plain");
    const head = await client.send(new HeadBucketCommand({ Bucket: "plain" }));
    expect(head.BucketRegion).toBe("eu-north-1");
  });

  test("has no body in its answer", async () => {
    const { status, headers, bytes } = await create("/plain-2");
    expect(status).toBe(200);
    expect(headers["content-length"]).toBe("0");
    expect(bytes.length).toBe(0);
  });

  test("keeps the region that its creator names", async () => {
    const client = sherd.client();
    const CreateBucketConfiguration = { LocationConstraint: "eu-central-1" } as const;
    await client.send(new CreateBucketCommand({ Bucket: "located", CreateBucketConfiguration }));
    const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket: "located" }));
    expect(LocationConstraint).toBe("eu-central-1");
  });

  test("may come with an empty configuration", async () => {
    expect((await create("/empty-configuration", configuration(""))).status).toBe(200);
    expect((await create("/empty-location", configuration("<LocationConstraint/>"))).status).toBe(200);
  });

  test("may say that it is private", async () => {
    const { status } = await create("/private-one", "", {
      "x-amz-acl": "private",
      "x-amz-object-ownership": "BucketOwnerEnforced",
      "x-amz-bucket-object-lock-enabled": "false",
    });
    expect(status).toBe(200);
  });
});

describe("what is refused, and creates nothing", () => {
  test("a second one of the same name", async () => {
    const client = sherd.client();
    await client.send(new CreateBucketCommand({ Bucket: "twice" }));
    const again = await failure(client.send(new CreateBucketCommand({ Bucket: "twice" })));
    expect(again).toMatchObject({ code: "BucketAlreadyOwnedByYou", status: 409 });
  });

  test.each(["ab", "Upper", "under_score", "192.168.1.1", "a..b", "xn--x", "x-s3alias", "amzn-s3-demo-bucket"])(
    "the name %s",
    async (name) => {
      const { status, text } = await create(`/${name}`);
      expect([status, elementText(text, "Code"), elementText(text, "BucketName")]).toEqual([
        400,
        "InvalidBucketName",
        name,
      ]);
    },
  );

  test.each([
    ["not XML", "hello", "MalformedXML"],
    ["another root", "<Delete/>", "MalformedXML"],
    [
      "a DTD",
      `<!DOCTYPE x [<!ENTITY a "b">]>${configuration("<LocationConstraint>&a;</LocationConstraint>")}`,
      "MalformedXML",
    ],
    ["an odd region", configuration("<LocationConstraint>a b</LocationConstraint>"), "InvalidLocationConstraint"],
  ])("%s for a configuration", async (_, body, code) => {
    const { status, text } = await create("/never-made", body);
    expect([status, elementText(text, "Code")]).toEqual([400, code]);
    expect((await sherd.raw({ path: "/never-made?location" })).status).toBe(404);
  });

  test("a configuration larger than any can be", async () => {
    const { status, text } = await create("/never-made", configuration(" ".repeat(70_000)));
    expect([status, elementText(text, "Code")]).toEqual([400, "MaxMessageLengthExceeded"]);
  });

  test("a body that is not the one that was signed, or not what Content-MD5 says", async () => {
    const payload = { mode: "literal", text: "0".repeat(64) } as const;
    const altered = await sherd.raw({ method: "PUT", path: "/never-made", body: configuration(""), payload });
    expect(elementText(altered.text, "Code")).toBe("XAmzContentSHA256Mismatch");
    const digest = await create("/never-made", configuration(""), { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" });
    expect(elementText(digest.text, "Code")).toBe("BadDigest");
    expect((await sherd.raw({ path: "/never-made?location" })).status).toBe(404);
  });

  test.each([
    ["x-amz-acl", "public-read"],
    ["x-amz-grant-read", "uri=http://acs.amazonaws.com/groups/global/AllUsers"],
  ])("%s: %s", async (name, value) => {
    const { status, text } = await create("/never-made", "", { [name]: value });
    expect([status, elementText(text, "Code")]).toEqual([400, "InvalidBucketAclWithObjectOwnership"]);
    expect((await sherd.raw({ path: "/never-made?location" })).status).toBe(404);
  });

  test.each([
    ["a tag twice", tags(["a", "b"], ["a", "c"]), "InvalidTag"],
    ["a tag without a value", "<Tags><Tag><Key>a</Key></Tag></Tags>", "MalformedXML"],
  ])("%s", async (_, content, code) => {
    const { status, text } = await create("/never-made", configuration(content));
    expect([status, elementText(text, "Code")]).toEqual([400, code]);
    expect((await sherd.raw({ path: "/never-made?location" })).status).toBe(404);
  });

  test("an object lock that is neither on nor off", async () => {
    const { status, text } = await create("/never-made", "", { "x-amz-bucket-object-lock-enabled": "perhaps" });
    expect([status, elementText(text, "Code")]).toEqual([400, "InvalidArgument"]);
  });
});

describe("a new bucket may have from the start", () => {
  test("tags", async () => {
    const content = tags(["a", "b"], ["c", ""]);
    expect((await create("/tagged", configuration(content))).status).toBe(200);
    const { TagSet } = await sherd.client().send(new GetBucketTaggingCommand({ Bucket: "tagged" }));
    expect(TagSet).toEqual([
      { Key: "a", Value: "b" },
      { Key: "c", Value: "" },
    ]);
  });

  test("object lock, and with it versions, for good", async () => {
    const client = sherd.client();
    await client.send(new CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: "locked" }));
    expect(Status).toBe("Enabled");
    const VersioningConfiguration = { Status: "Suspended" } as const;
    const suspending = client.send(new PutBucketVersioningCommand({ Bucket: "locked", VersioningConfiguration }));
    expect(await failure(suspending)).toEqual({
      code: "InvalidBucketState",
      status: 409,
      message: "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
    });
    const again = { Status: "Enabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: "locked", VersioningConfiguration: again }));
  });
});

function tags(...pairs: [string, string][]): string {
  const elements = pairs.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`);
  return `<Tags>${elements.join("")}</Tags>`;
}

describe("x-amz-bucket-namespace", () => {
  const own = `${firstAccount.accountId}-eu-north-1-an`;
  const code = async (name: string, namespace: string) =>
    elementText((await create(`/${name}`, "", { "x-amz-bucket-namespace": namespace })).text, "Code");

  test("account-regional: names that end with account, region and -an", async () => {
    const client = sherd.client();
    const input = { Bucket: `mine-${own}`, BucketNamespace: "account-regional" } as const;
    await client.send(new CreateBucketCommand(input));
    expect((await client.send(new HeadBucketCommand({ Bucket: input.Bucket }))).BucketRegion).toBe("eu-north-1");
    const located = configuration("<LocationConstraint>eu-west-1</LocationConstraint>");
    const headers = { "x-amz-bucket-namespace": "account-regional" };
    const elsewhere = `/mine-${firstAccount.accountId}-eu-west-1-an`;
    expect((await create(elsewhere, located, headers)).status).toBe(200);
    expect(elementText((await create(`/two-${own}`, located, headers)).text, "Code")).toBe("InvalidBucketName");
  });

  test.each(["mine", "mine-111122223333-eu-north-1-an", own, `-${own}`, `Mine-${own}`])(
    "account-regional: %s is no name in it",
    async (name) => expect(await code(name, "account-regional")).toBe("InvalidBucketName"),
  );

  test("global: any other name, and any other namespace is none", async () => {
    expect(await code(`mine-${own}`, "global")).toBe("InvalidBucketName");
    expect(await code("global-name", "global")).toBeUndefined();
    expect(await code("other", "mine")).toBe("InvalidArgument");
  });
});
