import {
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  RenameObjectCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import type { Job, Stage } from "./client.ts";
import { bytesOf, sha256Of } from "./content.ts";
import { equal, includes } from "./expect.ts";
import { bucketName, makeBucket } from "./stored.ts";

const MIB = 1024 * 1024;

/** What the SDK for JavaScript does with versions, attributes, conditions and forms. */
export const OBJECT_API_JOBS: readonly Job[] = [
  { name: "presigned-post", run: presignedPost },
  { name: "upload-with-tags-and-attributes", run: uploadAndAttributes },
  { name: "conditional-deletes", run: conditionalDeletes },
  { name: "versions-and-rename", run: versionsAndRename },
];

/** A new bucket for each run: one that has versions is not emptied by the runner. */
async function newBucket(stage: Stage, purpose: string) {
  const Bucket = bucketName(`js-${purpose}`);
  return { Bucket, s3: await makeBucket(stage, Bucket) };
}

async function presignedPost(stage: Stage): Promise<void> {
  const { s3, Bucket } = await newBucket(stage, "post");
  const form = await createPresignedPost(s3, {
    Bucket,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the server replaces it
    Key: "photos/${filename}",
    Conditions: [
      ["content-length-range", 1, MIB],
      ["starts-with", "$Content-Type", "image/"],
    ],
    Fields: { success_action_status: "201", "x-amz-meta-by": "js" },
    Expires: 60,
  });
  const post = async (bytes: Uint8Array, type: string, fields: Record<string, string> = {}) => {
    const data = new FormData();
    for (const [name, value] of Object.entries({ ...form.fields, "Content-Type": type, ...fields }))
      data.append(name, value);
    data.append("file", new Blob([bytes], { type }), "pot é.png");
    const answer = await fetch(form.url, { method: "POST", body: data });
    return { status: answer.status, text: await answer.text() };
  };
  const bytes = bytesOf("post", 700_000);
  const sent = await post(bytes, "image/png");
  equal(sent.status, 201, sent.text);
  includes(sent.text, "<Key>photos/pot é.png</Key>", "the answer");
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "photos/pot é.png" }));
  equal([got.ContentType, got.Metadata], ["image/png", { by: "js" }], "what the form said");
  equal(sha256Of((await got.Body?.transformToByteArray()) ?? new Uint8Array()), sha256Of(bytes), "the file");
  for (const [answer, status, code] of [
    [await post(bytesOf("large", MIB + 1), "image/png"), 400, "EntityTooLarge"],
    [await post(bytes, "text/html"), 403, "AccessDenied"],
    [await post(bytes, "image/png", { "x-amz-meta-by": "somebody else" }), 403, "AccessDenied"],
  ] as const) {
    equal(answer.status, status, answer.text);
    includes(answer.text, `<Code>${code}</Code>`, "a form that breaks its policy");
  }
  s3.destroy();
}

async function uploadAndAttributes(stage: Stage): Promise<void> {
  const { s3, Bucket } = await newBucket(stage, "attributes");
  const Body = bytesOf("attributes", 11 * MIB);
  const params = { Bucket, Key: "k", Body, ChecksumAlgorithm: "SHA256" as const, Metadata: { kind: "pot" } };
  const tags = [{ Key: "kind", Value: "pot" }];
  await new Upload({ client: s3, params, tags, partSize: 5 * MIB }).done();
  const tagged = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "k" }));
  equal(tagged.TagSet, tags, "the tags of the upload");
  const attributes = await s3.send(
    new GetObjectAttributesCommand({
      Bucket,
      Key: "k",
      ObjectAttributes: ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"],
      MaxParts: 2,
    }),
  );
  const { ObjectParts: parts } = attributes;
  equal([attributes.ObjectSize, attributes.StorageClass], [Body.length, "STANDARD"], "size and class");
  equal([parts?.TotalPartsCount, parts?.IsTruncated, parts?.Parts?.length], [3, true, 2], "a page of parts");
  equal(
    parts?.Parts?.map(({ Size }) => Size),
    [5 * MIB, 5 * MIB],
    "sizes of the parts",
  );
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED" }));
  const { ChecksumSHA256, ChecksumType } = attributes.Checksum ?? {};
  equal(
    [`${ChecksumSHA256}-3`, ChecksumType],
    [head.ChecksumSHA256, "COMPOSITE"],
    "the checksum, with no count of parts",
  );
  const part = await s3.send(new GetObjectCommand({ Bucket, Key: "k", PartNumber: 3 }));
  equal([part.PartsCount, part.ContentLength], [3, MIB], "GetObject of a part");
  equal(
    sha256Of((await part.Body?.transformToByteArray()) ?? new Uint8Array()),
    sha256Of(Body.subarray(10 * MIB)),
    "it",
  );
  s3.destroy();
}

async function conditionalDeletes(stage: Stage): Promise<void> {
  const { s3, Bucket } = await newBucket(stage, "deletes");
  const etags = new Map<string, string>();
  for (const Key of ["right", "wrong", "size", "time"])
    etags.set(Key, (await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))).ETag ?? "");
  const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket, Key: "time" }));
  const Objects = [
    { Key: "right", ETag: etags.get("right"), Size: 5 },
    { Key: "wrong", ETag: etags.get("right") },
    { Key: "size", Size: 5 },
    { Key: "time", LastModifiedTime: LastModified },
    { Key: "missing", ETag: etags.get("right") },
  ];
  const answer = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  equal(answer.Deleted?.map(({ Key }) => Key).sort(), ["right", "time"], "Deleted");
  const refused = Object.fromEntries((answer.Errors ?? []).map(({ Key, Code }) => [Key, Code]));
  equal(refused, { wrong: "PreconditionFailed", size: "PreconditionFailed", missing: "NoSuchKey" }, "Errors");
  s3.destroy();
}

async function versionsAndRename(stage: Stage): Promise<void> {
  const { s3, Bucket } = await newBucket(stage, "versions");
  const Enabled = { Bucket, VersioningConfiguration: { Status: "Enabled" as const } };
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "before" }));
  await s3.send(new PutBucketVersioningCommand(Enabled));
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "after" }));
  await s3.send(new RenameObjectCommand({ Bucket, Key: "new name", RenameSource: "k" }));
  const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  equal(
    Versions?.map(({ Key, IsLatest }) => [Key, IsLatest]),
    [
      ["k", false],
      ["k", false],
      ["new name", true],
    ],
    "versions",
  );
  equal(
    DeleteMarkers?.map(({ Key, IsLatest }) => [Key, IsLatest]),
    [["k", true]],
    "delete markers",
  );
  for (const [Key, version, text] of [
    ["k", "null", "before"],
    ["k", VersionId, "after"],
    ["new name", undefined, "after"],
  ] as const) {
    const got = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId: version }));
    equal(await got.Body?.transformToString(), text, `${Key} ${version}`);
  }
  s3.destroy();
}
