#!/usr/bin/env bash
# Bun 1.4.5, its own S3Client: two things that other S3 clients do not do.
#
# 1. It takes slashes off both ends of a key. write("logs/") writes and delete("logs/") deletes the object `logs`, which is another one,
#    and both succeed.
# 2. `retry`, 3 by default, counts for the parts and the end of an upload in parts. write() of a string or of bytes is one PUT whatever
#    their size: it fails at the first 503, as do reads, deletions and the start of an upload in parts.
#
# What helps: retries around write(), and another client for keys that end in a slash, which many tools use for folders.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit bun@1.4.5 >/dev/null
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { S3Client } from "bun";

let seen = [];
let busy = "";
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const { pathname, searchParams: query } = new URL(request.url, "http://server");
    const what = query.has("uploads") ? "start" : query.has("partNumber") ? "part" : query.has("uploadId") ? "end" : pathname.slice(2);
    seen.push(`${request.method} ${what}`);
    if (busy === what) {
      busy = "";
      return response.writeHead(503, { "Content-Type": "application/xml" }).end("<Error><Code>SlowDown</Code><Message>Later</Message></Error>");
    }
    if (what === "start") return response.end("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
    if (what === "end") return response.end('<CompleteMultipartUploadResult><ETag>"e-1"</ETag></CompleteMultipartUploadResult>');
    response.writeHead(200, { ETag: '"e"' }).end();
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const endpoint = `http://127.0.0.1:${server.address().port}`;
const client = new S3Client({ endpoint, bucket: "b", region: "us-east-1", accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" });
const tell = async (name, busyWith, work) => {
  [seen, busy] = [[], busyWith];
  const outcome = await work().then(() => "done", (error) => error.code);
  console.log(`${name}: ${seen.join(", ")}: ${outcome}`);
};
const inParts = async () => {
  const writer = client.file("k").writer({ partSize: 5 << 20, queueSize: 1, retry: 3 });
  writer.write(new Uint8Array(6 << 20));
  await writer.flush();
  await writer.end();
};
await tell("write logs/", "", () => client.write("logs/", ""));
await tell("write /logs", "", () => client.write("/logs", ""));
await tell("delete logs/", "", () => client.delete("logs/"));
await tell("503, 12 MiB", "/k", () => client.write("k", new Uint8Array(12 << 20), { retry: 3 }));
await tell("503, read", "/k", () => client.file("k", { retry: 3 }).text());
await tell("503, start", "start", inParts);
await tell("503, part", "part", inParts);
await tell("503, end", "end", inParts);
process.exit();
JS
seen=$(./node_modules/.bin/bun run.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
write logs/: PUT /logs: done
write /logs: PUT /logs: done
delete logs/: DELETE /logs: done
503, 12 MiB: PUT /k: SlowDown
503, read: GET /k: SlowDown
503, start: POST start: SlowDown
503, part: POST start, PUT part, PUT part, PUT part, POST end: done
503, end: POST start, PUT part, PUT part, POST end, POST end: done
TEXT
