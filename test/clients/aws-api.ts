import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import type { Aws, Make } from "./aws.ts";
import type { Job } from "./client.ts";
import { command } from "./command.ts";
import { bytesOf, sha256Of } from "./content.ts";
import { equal, includes } from "./expect.ts";

const PART_BYTES = 5 * 1024 * 1024;

/** The object API by `aws s3api`, command by command. */
export function awsApiJobs(make: Make): Job[] {
  return [
    { name: "s3api-versions", run: (stage) => versions(make(stage)) },
    { name: "s3api-tags", run: (stage) => tags(make(stage)) },
    { name: "s3api-object-lock", run: (stage) => locks(make(stage)) },
    { name: "s3api-conditions", run: (stage) => conditions(make(stage)) },
    { name: "s3api-rename", run: (stage) => rename(make(stage)) },
    { name: "s3api-multipart-by-hand", run: (stage) => multipart(make(stage)) },
    { name: "s3api-checksums", run: (stage) => checksums(make(stage)) },
    { name: "s3api-bucket-settings", run: (stage) => settings(make(stage)) },
  ];
}

async function bodyFile(aws: Aws, body: string | Buffer): Promise<string> {
  await writeFile(aws.file("body"), body);
  return aws.file("body");
}

async function put(aws: Aws, bucket: string, key: string, body: string, ...more: string[]): Promise<string> {
  const at = ["--bucket", bucket, "--key", key];
  const answer = await aws.api("put-object", ...at, "--body", await bodyFile(aws, body), ...more);
  return String(answer.VersionId ?? answer.ETag);
}

async function body(aws: Aws, bucket: string, key: string, ...more: string[]): Promise<string> {
  await aws.run(["s3api", "get-object", "--bucket", bucket, "--key", key, ...more, aws.file("got")]);
  return readFile(aws.file("got"), "utf8");
}

/** Every version and marker of a bucket, oldest first, by bypass of governance. */
async function removeVersions(aws: Aws, bucket: string): Promise<void> {
  const listed = await aws.api("list-object-versions", "--bucket", bucket);
  const all = [...((listed.Versions ?? []) as object[]), ...((listed.DeleteMarkers ?? []) as object[])];
  const Objects = all.map((entry) => {
    const { Key, VersionId } = entry as { Key: string; VersionId: string };
    return { Key, VersionId };
  });
  if (Objects.length === 0) return;
  const list = ["delete-objects", "--bucket", bucket, "--delete", JSON.stringify({ Objects })];
  const locked = await aws.attempt(["s3api", "get-object-lock-configuration", "--bucket", bucket]);
  const answer = await aws.api(...list, ...(locked.code === 0 ? ["--bypass-governance-retention"] : []));
  equal(answer.Errors, undefined, "what delete-objects refused");
}

async function versions(aws: Aws): Promise<void> {
  await aws.withBucket("aws-versions", async () => {
    const bucket = ["--bucket", "aws-versions"];
    const key = [...bucket, "--key", "k"];
    await aws.api("put-bucket-versioning", ...bucket, "--versioning-configuration", "Status=Enabled");
    equal(await aws.api("get-bucket-versioning", ...bucket), { Status: "Enabled" }, "get-bucket-versioning");
    const ids: string[] = [];
    for (const text of ["first", "second", "third"]) ids.push(await put(aws, "aws-versions", "k", text));
    equal(await body(aws, "aws-versions", "k", "--version-id", ids[0] ?? ""), "first", "the first version");
    const marker = await aws.api("delete-object", ...key);
    equal(marker.DeleteMarker, true, "delete-object");
    await aws.refused("NoSuchKey", "get-object", ...key, aws.file("got"));
    await aws.refused("MethodNotAllowed", "get-object", ...key, "--version-id", `${marker.VersionId}`, aws.file("got"));
    const query = ["--query", "[Versions[].VersionId, DeleteMarkers[].IsLatest]"];
    const listed = JSON.parse(await aws.text("s3api", "list-object-versions", ...bucket, "--page-size", "1", ...query));
    equal(listed, [[...ids].reverse(), [true]], "list-object-versions by pages of one");
    await aws.api("delete-object", ...key, "--version-id", String(marker.VersionId));
    equal(await body(aws, "aws-versions", "k"), "third", "what is there once the marker has gone");
    await aws.api("copy-object", ...key, "--copy-source", `aws-versions/k?versionId=${ids[0]}`);
    equal(await body(aws, "aws-versions", "k"), "first", "an old version copied onto its key");
    await aws.api("put-bucket-versioning", ...bucket, "--versioning-configuration", "Status=Suspended");
    await put(aws, "aws-versions", "k", "null version");
    equal(await body(aws, "aws-versions", "k", "--version-id", "null"), "null version", "the null version");
    await removeVersions(aws, "aws-versions");
    equal((await aws.api("list-object-versions", ...bucket)).Versions, undefined, "what is left");
  });
}

async function tags(aws: Aws): Promise<void> {
  await aws.withBucket("aws-tags", async () => {
    const bucket = ["--bucket", "aws-tags"];
    const key = [...bucket, "--key", "k"];
    await put(aws, "aws-tags", "k", "k", "--tagging", "kind=pot&a%20b=c%2Bd");
    const TagSet = [
      { Key: "a b", Value: "c+d" },
      { Key: "kind", Value: "pot" },
    ];
    const sorted = (answer: { TagSet?: unknown }) =>
      (answer.TagSet as { Key: string }[]).sort((a, b) => (a.Key < b.Key ? -1 : 1));
    equal(sorted(await aws.api("get-object-tagging", ...key)), TagSet, "get-object-tagging");
    equal((await aws.api("head-object", ...key)).TagCount, 2, "the count of tags");
    for (const [noun, at] of [
      ["object", key],
      ["bucket", bucket],
    ] as const) {
      await aws.api(`put-${noun}-tagging`, ...at, "--tagging", JSON.stringify({ TagSet }));
      equal(sorted(await aws.api(`get-${noun}-tagging`, ...at)), TagSet, `get-${noun}-tagging`);
      const bad = JSON.stringify({ TagSet: [{ Key: "aws:x", Value: "" }] });
      await aws.refused("InvalidTag", `put-${noun}-tagging`, ...at, "--tagging", bad);
      await aws.api(`delete-${noun}-tagging`, ...at);
    }
    equal((await aws.api("get-object-tagging", ...key)).TagSet, [], "tags after the deletion");
    await aws.refused("NoSuchTagSet", "get-bucket-tagging", ...bucket);
  });
}

async function locks(aws: Aws): Promise<void> {
  const bucket = ["--bucket", "aws-locks"];
  const key = [...bucket, "--key", "k"];
  await aws.api("create-bucket", ...bucket, "--object-lock-enabled-for-bucket");
  const DefaultRetention = { Mode: "GOVERNANCE", Days: 1 };
  const configuration = JSON.stringify({ ObjectLockEnabled: "Enabled", Rule: { DefaultRetention } });
  await aws.api("put-object-lock-configuration", ...bucket, "--object-lock-configuration", configuration);
  const read = await aws.api("get-object-lock-configuration", ...bucket);
  equal(read.ObjectLockConfiguration, JSON.parse(configuration), "get-object-lock-configuration");
  const version = [...key, "--version-id", await put(aws, "aws-locks", "k", "locked")];
  equal((await aws.api("head-object", ...key)).ObjectLockMode, "GOVERNANCE", "the mode by default");
  await aws.refused("AccessDenied", "delete-object", ...version);

  const until = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const retain = (days: number) => `{"Mode": "GOVERNANCE", "RetainUntilDate": "${until(days)}"}`;
  await aws.api("put-object-retention", ...version, "--retention", retain(3));
  await aws.refused("AccessDenied", "put-object-retention", ...version, "--retention", retain(2));
  const bypass = "--bypass-governance-retention";
  await aws.api("put-object-retention", ...version, "--retention", retain(2), bypass);

  await aws.api("put-object-legal-hold", ...version, "--legal-hold", "Status=ON");
  equal((await aws.api("get-object-legal-hold", ...key)).LegalHold, { Status: "ON" }, "get-object-legal-hold");
  await aws.refused("AccessDenied", "delete-object", ...version, bypass);
  await aws.api("put-object-legal-hold", ...version, "--legal-hold", "Status=OFF");
  await aws.api("delete-object", ...version, bypass);
  await aws.api("delete-bucket", ...bucket);
}

async function conditions(aws: Aws): Promise<void> {
  await aws.withBucket("aws-conditions", async () => {
    const key = ["--bucket", "aws-conditions", "--key", "lease"];
    const lease = async (text: string, ...condition: string[]) => [
      ...["put-object", ...key, "--body", await bodyFile(aws, text), ...condition],
    ];
    const etagOf = async (args: string[]) => String((await aws.api(...args)).ETag);
    const first = await etagOf(await lease("first", "--if-none-match", "*"));
    await aws.refused("PreconditionFailed", ...(await lease("thief", "--if-none-match", "*")));
    const second = await etagOf(await lease("renewed", "--if-match", first));
    await aws.refused("PreconditionFailed", ...(await lease("late", "--if-match", first)));
    await aws.refused("PreconditionFailed", "delete-object", ...key, "--if-match", first);
    await aws.refused("PreconditionFailed", "delete-object", ...key, "--if-match-size", "1");
    equal(await body(aws, "aws-conditions", "lease"), "renewed", "the lease");
    await aws.api("delete-object", ...key, "--if-match", second);
    await aws.refused("404", "head-object", ...key);
    await aws.refused("NoSuchKey", ...(await lease("gone", "--if-match", second)));
  });
}

async function rename(aws: Aws): Promise<void> {
  await aws.withBucket("aws-rename", async () => {
    await put(aws, "aws-rename", "old name", "clay");
    const target = ["--bucket", "aws-rename", "--key", "deep/é"];
    await aws.api("rename-object", ...target, "--rename-source", "old%20name", "--destination-if-none-match", "*");
    equal(await body(aws, "aws-rename", "deep/é"), "clay", "the renamed object");
    await aws.refused("404", "head-object", "--bucket", "aws-rename", "--key", "old name");
    await put(aws, "aws-rename", "other", "other");
    const again = [...target, "--rename-source", "other", "--destination-if-none-match", "*"];
    await aws.refused("PreconditionFailed", "rename-object", ...again);
    equal(await body(aws, "aws-rename", "other"), "other", "what was not renamed");
  });
}

async function multipart(aws: Aws): Promise<void> {
  await aws.withBucket("aws-parts", async () => {
    const key = ["--bucket", "aws-parts", "--key", "parts é"];
    const bytes = bytesOf("aws parts", PART_BYTES + 1000);
    const algorithm = ["--checksum-algorithm", "SHA256"];
    const { UploadId } = await aws.api("create-multipart-upload", ...key, ...algorithm);
    const upload = [...key, "--upload-id", String(UploadId)];
    const pieces = [bytes.subarray(0, PART_BYTES), bytes.subarray(PART_BYTES)];
    const digests = pieces.map((piece) => createHash("sha256").update(piece).digest());
    const Parts: object[] = [];
    for (const [i, piece] of pieces.entries()) {
      const part = [...upload, "--part-number", String(i + 1), "--body", await bodyFile(aws, piece)];
      const ChecksumSHA256 = digests[i]?.toString("base64") ?? "";
      const { ETag } = await aws.api("upload-part", ...part, "--checksum-sha256", ChecksumSHA256);
      Parts.push({ PartNumber: i + 1, ETag, ChecksumSHA256 });
    }
    const wrong = [...upload, "--part-number", "3", "--body", await bodyFile(aws, "x")];
    await aws.refused("BadDigest", "upload-part", ...wrong, "--checksum-sha256", digests[0]?.toString("base64") ?? "");
    const listed = await aws.api("list-parts", ...upload, "--page-size", "1");
    equal((listed.Parts as object[]).length, 2, "list-parts by pages of one");
    const uploads = await aws.api("list-multipart-uploads", "--bucket", "aws-parts");
    equal(
      (uploads.Uploads as { Key: string }[]).map(({ Key }) => Key),
      ["parts é"],
      "list-multipart-uploads",
    );
    const done = await aws.api("complete-multipart-upload", ...upload, "--multipart-upload", JSON.stringify({ Parts }));
    const composite = createHash("sha256").update(Buffer.concat(digests)).digest("base64");
    equal([done.ChecksumSHA256, done.ChecksumType], [`${composite}-2`, "COMPOSITE"], "checksum of the object");

    const wanted = ["--object-attributes", "ETag", "Checksum", "ObjectParts", "ObjectSize"];
    const attributes = await aws.api("get-object-attributes", ...key, ...wanted, "--max-parts", "1");
    const parts = attributes.ObjectParts as Record<string, unknown>;
    const shown = [attributes.ObjectSize, parts.TotalPartsCount, parts.IsTruncated, parts.NextPartNumberMarker];
    equal(shown, [bytes.length, 2, true, 1], "get-object-attributes");
    await aws.run(["s3api", "get-object", ...key, "--part-number", "2", aws.file("part-2")]);
    equal(sha256Of(await readFile(aws.file("part-2"))), sha256Of(bytes.subarray(PART_BYTES)), "get-object of a part");
    const link = (await aws.text("s3", "presign", "s3://aws-parts/parts é")).trim();
    const got = await command(["curl", "-sS", "--fail-with-body", link]);
    equal(sha256Of(got.stdout), sha256Of(bytes), "body by a link");
  });
}

/**
 * Whole and in parts; the CLI computes them and verifies what it reads. Without the AWS runtime it knows no CRC32C and no
 * CRC64NVME: js-sdk and boto3 cover these.
 */
async function checksums(aws: Aws): Promise<void> {
  await aws.withBucket("aws-checksums", async () => {
    const key = ["--bucket", "aws-checksums", "--key", "k"];
    const mode = ["--checksum-mode", "ENABLED"];
    for (const [algorithm, type] of [
      ["CRC32", "COMPOSITE"],
      ["CRC32", "FULL_OBJECT"],
      ["SHA1", "COMPOSITE"],
      ["SHA256", "COMPOSITE"],
    ] as const) {
      const member = `Checksum${algorithm}`;
      const which = ["--checksum-algorithm", algorithm];
      const whole = await aws.api("put-object", ...key, "--body", await bodyFile(aws, "whole"), ...which);
      const head = await aws.api("head-object", ...key, ...mode);
      equal(
        [typeof head[member], head[member], head.ChecksumType],
        ["string", whole[member], "FULL_OBJECT"],
        algorithm,
      );

      const typed = [...which, "--checksum-type", type];
      const { UploadId } = await aws.api("create-multipart-upload", ...key, ...typed);
      const upload = [...key, "--upload-id", String(UploadId)];
      const line = [...upload, "--part-number", "1", "--body", await bodyFile(aws, "whole"), ...which];
      const part = await aws.api("upload-part", ...line);
      const list = JSON.stringify({ Parts: [{ PartNumber: 1, ETag: part.ETag, [member]: part[member] }] });
      const done = await aws.api("complete-multipart-upload", ...upload, "--multipart-upload", list);
      const ofOne = type === "FULL_OBJECT" ? whole[member] : done[member];
      equal([done.ChecksumType, done[member]], [type, ofOne], `${algorithm} ${type} in parts`);
      equal(String(done[member]).endsWith("-1"), type === "COMPOSITE", `the form of ${algorithm} ${type}`);
      equal(await body(aws, "aws-checksums", "k", ...mode), "whole", "what was read and verified");
    }
    for (const type of ["SHA1", "SHA256"]) {
      const line = ["create-multipart-upload", ...key, "--checksum-algorithm", type, "--checksum-type", "FULL_OBJECT"];
      await aws.refused("InvalidRequest", ...line);
    }
  });
}

async function settings(aws: Aws): Promise<void> {
  await aws.withBucket("aws-settings", async () => {
    const bucket = ["--bucket", "aws-settings"];
    const CORSRules = [{ AllowedMethods: ["GET"], AllowedOrigins: ["https://a.example"], MaxAgeSeconds: 60 }];
    await aws.refused("NoSuchCORSConfiguration", "get-bucket-cors", ...bucket);
    await aws.api("put-bucket-cors", ...bucket, "--cors-configuration", JSON.stringify({ CORSRules }));
    equal(await aws.api("get-bucket-cors", ...bucket), { CORSRules }, "get-bucket-cors");
    const preflight = [`${aws.stage.endpoint}/aws-settings/k`, "-H", "Origin: https://a.example"];
    const asked = await command([
      "curl",
      "-sSi",
      "-X",
      "OPTIONS",
      ...preflight,
      "-H",
      "Access-Control-Request-Method: GET",
    ]);
    includes(asked.stdout.toString().toLowerCase(), "access-control-allow-origin: https://a.example", "the preflight");
    await aws.api("delete-bucket-cors", ...bucket);
    await aws.refused("NoSuchCORSConfiguration", "get-bucket-cors", ...bucket);

    const controls = { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] };
    await aws.api("put-bucket-ownership-controls", ...bucket, "--ownership-controls", JSON.stringify(controls));
    const owned = await aws.api("get-bucket-ownership-controls", ...bucket);
    equal(owned.OwnershipControls, controls, "get-bucket-ownership-controls");
    await aws.refused("AccessControlListNotSupported", "put-bucket-acl", ...bucket, "--acl", "public-read");
    const acl = await aws.api("get-bucket-acl", ...bucket);
    equal(
      (acl.Grants as { Permission: string }[]).map(({ Permission }) => Permission),
      ["FULL_CONTROL"],
      "get-bucket-acl",
    );

    const block = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    const asText = JSON.stringify(block);
    await aws.api("put-public-access-block", ...bucket, "--public-access-block-configuration", asText);
    const blocked = await aws.api("get-public-access-block", ...bucket);
    equal(blocked.PublicAccessBlockConfiguration, block, "get-public-access-block");
    await aws.api("delete-public-access-block", ...bucket);
    await aws.refused("NoSuchPublicAccessBlockConfiguration", "get-public-access-block", ...bucket);
  });
}
