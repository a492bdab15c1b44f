#!/bin/sh
# @aws-sdk/client-s3 3.1169.0: GetObject in its default checksum mode (ENABLED) rejects an object whose only checksum is one of those that
# S3 added in 2026, although the SDK's own model has the header. It knows these algorithms by name and has no code for them.
#
# Seen: x-amz-checksum-crc32 is read; x-amz-checksum-sha512 and x-amz-checksum-xxhash64 are rejected with an error.
#
# What helps: an implementation in the constructor's `checksums`, or responseChecksumValidation "WHEN_REQUIRED", which asks for no checksum.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @aws-sdk/client-s3@3.1169.0
cat > run.mjs <<'JS'
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { crc32 } from "node:zlib";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

const body = Buffer.from("hello");
const crc = Buffer.alloc(4);
crc.writeUInt32BE(crc32(body));
const checksums = {
  crc32: crc.toString("base64"),
  sha512: createHash("sha512").update(body).digest("base64"),
  // XXH64 of "hello", seed 0.
  xxhash64: Buffer.from("26c7827d889f6da3", "hex").toString("base64"),
};
const server = createServer((request, response) => {
  const name = request.url.split("?")[0].split("/").at(-1);
  const asked = request.headers["x-amz-checksum-mode"] === "ENABLED";
  response.writeHead(200, {
    "Content-Length": body.length,
    ...(asked && { [`x-amz-checksum-${name}`]: checksums[name], "x-amz-checksum-type": "FULL_OBJECT" }),
  });
  response.end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const common = {
  endpoint: `http://127.0.0.1:${server.address().port}`,
  region: "us-east-1",
  forcePathStyle: true,
  maxAttempts: 1,
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
};
const seen = {};
for (const [mode, settings] of [["by default", {}], ["when required", { responseChecksumValidation: "WHEN_REQUIRED" }]]) {
  const client = new S3Client({ ...common, ...settings });
  for (const name of Object.keys(checksums)) {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: "bucket", Key: name }));
      seen[`${name}, ${mode}`] = (await Body.transformToString()) === "hello" ? "read" : "wrong";
    } catch (error) {
      seen[`${name}, ${mode}`] = "rejected";
      console.log(`${name}: ${error.name}: ${error.message}`);
    }
  }
}
server.close();
console.log(seen);
const expected = {
  "crc32, by default": "read",
  "sha512, by default": "rejected",
  "xxhash64, by default": "rejected",
  "crc32, when required": "read",
  "sha512, when required": "read",
  "xxhash64, when required": "read",
};
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
JS
node run.mjs
