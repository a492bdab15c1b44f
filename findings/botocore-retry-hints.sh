#!/usr/bin/env bash
# botocore 1.44.8 hears neither of the hints that a server gives with a failure, in any of its retry modes; the SDK for JavaScript hears both.
#
# 1. Retry-After. A busy server's 503 with `Retry-After: 3` is retried by botocore before they are over, by the SDK for JavaScript after them.
# 2. Date. RequestTimeTooSkewed is final for botocore, although the answer says what the time is. The SDK for JavaScript takes the server's time
#    and tries again. A laptop whose clock is 20 minutes slow works with one and not with the other.
#
# What helps: Config(retries={"max_attempts": ...}) high enough for the longest wait; a right clock.
set -euo pipefail
folder=$(mktemp -d)
cleanup() {
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check botocore==1.44.8
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @aws-sdk/client-s3@3.1175.0 >/dev/null
cat > server.mjs <<'JS'
import { createServer } from "node:http";

const AHEAD_MS = 20 * 60_000;
const times = {};
const server = createServer((request, response) => {
  const what = request.url.split("/")[1];
  const now = Date.now();
  const earlier = (times[what] ??= []);
  earlier.push(now);
  const fail = (status, code) => response.writeHead(status).end(`<Error><Code>${code}</Code><Message>Later</Message></Error>`);
  if (what.startsWith("busy")) {
    response.setHeader("Retry-After", "3");
    if (earlier.length === 1) return fail(503, "SlowDown");
    return response.end(now - earlier[0] >= 2900 ? "as asked" : "sooner");
  }
  response.setHeader("Date", new Date(now + AHEAD_MS).toUTCString());
  const signed = Date.parse(request.headers["x-amz-date"].replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"));
  if (Math.abs(signed - now - AHEAD_MS) > 15 * 60_000) return fail(403, "RequestTimeTooSkewed");
  response.end("corrected");
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
JS
mkfifo port
node server.mjs > port &
server=$!
read -r PORT < port
export PORT
cat > ask.py <<'PY'
import os

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

for mode in ("legacy", "standard", "adaptive"):
    client = Session().create_client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{os.environ['PORT']}",
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(s3={"addressing_style": "path"}, retries={"mode": mode}),
    )
    for bucket in (f"busy-{mode}", f"skew-{mode}"):
        try:
            print(f"botocore, {bucket}:", client.get_object(Bucket=bucket, Key="k")["Body"].read().decode())
        except ClientError as error:
            print(f"botocore, {bucket}:", error.response["Error"]["Code"])
PY
cat > ask.mjs <<'JS'
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

const endpoint = `http://127.0.0.1:${process.env.PORT}`;
const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };
const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
for (const Bucket of ["busy-js", "skew-js"]) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "k" }));
  console.log(`SDK for JavaScript, ${Bucket}: ${await Body.transformToString()}`);
}
JS
seen=$(venv/bin/python ask.py && node ask.mjs 2>/dev/null)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
botocore, busy-legacy: sooner
botocore, skew-legacy: RequestTimeTooSkewed
botocore, busy-standard: sooner
botocore, skew-standard: RequestTimeTooSkewed
botocore, busy-adaptive: sooner
botocore, skew-adaptive: RequestTimeTooSkewed
SDK for JavaScript, busy-js: as asked
SDK for JavaScript, skew-js: corrected
TEXT
