import { createHash } from "node:crypto";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sherd, startSherd } from "../../support/sherd.ts";
import { errorElements } from "./refusal.ts";

/** An element that S3's schema does not have is an error: dropped, it would take along what the client wanted. */

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket", ObjectLockEnabledForBucket: true }));
  await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "bytes" }));
});
afterAll(() => sherd?.stop());

const documents: [method: string, path: string, document: string][] = [
  ["PUT", "/bucket?versioning", "<VersioningConfiguration><Status>Enabled</Status>X</VersioningConfiguration>"],
  ["PUT", "/bucket?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>X</Tagging>"],
  ["PUT", "/bucket?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value>X</Tag></TagSet></Tagging>"],
  ["PUT", "/bucket/key?tagging", "<Tagging><TagSet>X<Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"],
  [
    "PUT",
    "/bucket?cors",
    "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>X</CORSRule></CORSConfiguration>",
  ],
  [
    "PUT",
    "/bucket?object-lock",
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>X</ObjectLockConfiguration>",
  ],
  ["PUT", "/bucket/key?legal-hold", "<LegalHold><Status>OFF</Status>X</LegalHold>"],
  [
    "PUT",
    "/bucket/key?retention",
    "<Retention><Mode>GOVERNANCE</Mode><EventHold>ON</EventHold><EventHoldDuration><Days>1</Days>X</EventHoldDuration></Retention>",
  ],
  ["PUT", "/bucket?abac", "<AbacStatus><Status>Disabled</Status>X</AbacStatus>"],
  [
    "PUT",
    "/bucket?publicAccessBlock",
    "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>X</PublicAccessBlockConfiguration>",
  ],
  [
    "PUT",
    "/bucket?ownershipControls",
    "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>X</Rule></OwnershipControls>",
  ],
  [
    "PUT",
    "/bucket?acl",
    "<AccessControlPolicy><Owner><ID>3fc6b54705736df6ff6010111bd81893a6f6b1f4ddc2b58c344e4f32415f5a96</ID></Owner>X<AccessControlList><Grant><Grantee><ID>3fc6b54705736df6ff6010111bd81893a6f6b1f4ddc2b58c344e4f32415f5a96</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>",
  ],
  [
    "PUT",
    "/bucket/key?retention",
    "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate>X</Retention>",
  ],
  ["POST", "/bucket?delete", "<Delete><Object><Key>key</Key></Object>X</Delete>"],
  ["POST", "/bucket?delete", "<Delete><Object><Key>key</Key>X</Object></Delete>"],
  [
    "PUT",
    "/new-bucket",
    "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>X</CreateBucketConfiguration>",
  ],
  [
    "POST",
    "/bucket/key?uploadId=none",
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"a"</ETag>X</Part></CompleteMultipartUpload>',
  ],
];

test.each(documents)("%s %s %s", async (method, path, document) => {
  const send = (body: string) => {
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    return sherd.raw({ method, path, body, headers });
  };
  const refused = await send(document.replace("X", "<Nonsense>1</Nonsense>"));
  expect(errorElements(refused)).toMatchObject({ status: "400", Code: "MalformedXML" });
  const { Code } = errorElements(await send(document.replace("X", "")));
  expect(Code).not.toBe("MalformedXML");
});

test.each(["<ExcludeFolders>true</ExcludeFolders>", "<ExcludedPrefixes><Prefix>a</Prefix></ExcludedPrefixes>"])(
  "%s is MinIO's: 501 by name",
  async (element) => {
    const body = `<VersioningConfiguration><Status>Enabled</Status>${element}</VersioningConfiguration>`;
    const refused = errorElements(await sherd.raw({ method: "PUT", path: "/bucket?versioning", body }));
    expect(refused).toMatchObject({ status: "501", Code: "NotImplemented" });
    expect(refused.Message).toContain(/<(\w+)>/.exec(element)?.[1]);
  },
);
