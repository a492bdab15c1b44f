#!/usr/bin/env bash
# @aws-sdk/client-s3 3.1175.0 where requests go by fetch, as they do in browsers and in Workers: GetObject of an object that was stored with
# Content-Encoding: gzip fails with "Checksum mismatch" if the server tells the object's checksum, as S3 does for every new object. fetch
# has unpacked the body, and the SDK computes the checksum of the unpacked bytes. With Node's own handler the body comes as it is stored.
#
# Seen in Node with FetchHttpHandler 5.8.1 of @smithy/fetch-http-handler, which those environments get by default. An object without
# Content-Encoding is read by either handler.
# What helps: responseChecksumValidation "WHEN_REQUIRED"; the body is then the unpacked one, beside the ContentLength of the packed one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @aws-sdk/client-s3@3.1175.0 @smithy/fetch-http-handler@5.8.1 >/dev/null
cat > run.mjs <<'JS'
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";

const packed = gzipSync("clay ".repeat(100));
const server = createServer((request, response) => {
  const asked = request.headers["x-amz-checksum-mode"] === "ENABLED";
  response.writeHead(200, {
    "Content-Length": packed.length,
    ...(request.url.startsWith("/bucket/gzip") && { "Content-Encoding": "gzip" }),
    ...(asked && { "x-amz-checksum-sha256": createHash("sha256").update(packed).digest("base64"), "x-amz-checksum-type": "FULL_OBJECT" }),
  });
  response.end(packed);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const common = {
  endpoint: `http://127.0.0.1:${server.address().port}`,
  region: "us-east-1",
  forcePathStyle: true,
  maxAttempts: 1,
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
};
const byFetch = () => ({ requestHandler: new FetchHttpHandler() });
for (const [name, settings] of [["node", {}], ["fetch", byFetch()], ["fetch, when required", { ...byFetch(), responseChecksumValidation: "WHEN_REQUIRED" }]]) {
  const client = new S3Client({ ...common, ...settings });
  for (const Key of ["plain", "gzip"]) {
    try {
      const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: "bucket", Key }));
      const { length } = await Body.transformToByteArray();
      console.log(`${name}, ${Key}: ${length === packed.length ? "as stored" : "unpacked"}, ContentLength ${ContentLength === length ? "right" : "another"}`);
    } catch (error) {
      console.log(`${name}, ${Key}: ${error.message.split(":")[0]}`);
    }
  }
}
process.exit();
JS
seen=$(node run.mjs 2>/dev/null)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
node, plain: as stored, ContentLength right
node, gzip: as stored, ContentLength right
fetch, plain: as stored, ContentLength right
fetch, gzip: Checksum mismatch
fetch, when required, plain: as stored, ContentLength right
fetch, when required, gzip: unpacked, ContentLength another
TEXT
