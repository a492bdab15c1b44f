#!/usr/bin/env bash
# minio 7.2.20 (Python) and s3mini 1.0.2 (JavaScript) report an upload in parts as done that the server reports as failed. S3 may answer
# CompleteMultipartUpload with status 200 and find out later that it cannot do it: the body is then an <Error>. Neither library looks.
#
# Seen against a server that always answers so, where boto3 raises InternalError:
#   minio:  put_object returns a result whose bucket, object, version and ETag are all None
#   s3mini: putAnyObject resolves, and so does completeMultipartUpload, to an object with the error in it
# What helps: look for an ETag in the result, or ask for the object's size afterwards.
set -euo pipefail
folder=$(mktemp -d)
cleanup() {
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check minio==7.2.20
npm init -y >/dev/null
npm install --silent --no-fund --no-audit s3mini@1.0.2 >/dev/null
cat > server.mjs <<'JS'
import { createServer } from "node:http";

const error = "<Error><Code>InternalError</Code><Message>We could not finish the upload.</Message></Error>";
const started = "<InitiateMultipartUploadResult><Bucket>holiday</Bucket><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>";
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const { searchParams } = new URL(request.url, "http://server");
    if (request.method !== "POST") return response.writeHead(200, { ETag: '"0123456789abcdef0123456789abcdef"' }).end();
    response.writeHead(200, { "Content-Type": "application/xml" });
    response.end(searchParams.has("uploads") ? started : `<?xml version="1.0" encoding="UTF-8"?>\n${error}`);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
JS
mkfifo port
node server.mjs > port &
server=$!
read -r PORT < port
export PORT
cat > upload.py <<'PY'
import io
import os

from minio import Minio

client = Minio(
    endpoint=f"127.0.0.1:{os.environ['PORT']}", access_key="AKIAIOSFODNN7EXAMPLE", secret_key="secret", secure=False, region="us-east-1"
)
size = 6 << 20
done = client.put_object(bucket_name="holiday", object_name="k", data=io.BytesIO(bytes(size)), length=size, part_size=5 << 20)
print("minio:", done.bucket_name, done.object_name, done.version_id, done.etag)
PY
cat > upload.mjs <<'JS'
import { S3mini } from "s3mini";

const endpoint = `http://127.0.0.1:${process.env.PORT}/holiday`;
const client = new S3mini({ endpoint, accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret", region: "us-east-1" });
const { status } = await client.putAnyObject("k", Buffer.alloc(12 << 20));
console.log("s3mini:", status, (await client.completeMultipartUpload("k", "u", [{ partNumber: 1, etag: "e" }])).Error?.Code);
JS
seen=$(venv/bin/python upload.py && node upload.mjs)
printf '%s\n' "$seen"
[[ $seen == $'minio: None None None None\ns3mini: 200 InternalError' ]]
