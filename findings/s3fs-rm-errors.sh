#!/usr/bin/env bash
# s3fs 2026.9.0 (of fsspec; pandas, Dask and DVC delete by it): rm() of several objects or of a folder succeeds although the server has refused
# to delete them. It sends DeleteObjects and does not read the <Error> elements of the answer. rm_file() of the same object raises.
#
# Seen against a server that refuses every deletion, as S3 does for versions under a legal hold or for keys that a policy protects:
#   rm, rm of a folder: the list of what was deleted is empty, no error
#   rm_file: PermissionError
# What helps: compare the list that rm() returns with what was asked for, or call rm_file() for each.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check s3fs==2026.9.0
cat > "$folder/remove.py" <<'PY'
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import s3fs

DENIED = "<Code>AccessDenied</Code><Message>Access Denied</Message>"
KEYS = ("pots/a", "pots/b")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
        dated = "<LastModified>2026-11-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size>"
        found = "".join(f"<Contents><Key>{key}</Key>{dated}</Contents>" for key in KEYS if key.startswith(prefix))
        self.answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        errors = "".join(f"<Error><Key>{key}</Key>{DENIED}</Error>" for key in re.findall("<Key>(.*?)</Key>", body))
        self.answer(200, f"<DeleteResult>{errors}</DeleteResult>")

    def do_DELETE(self):
        self.answer(403, f"<Error>{DENIED}</Error>")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
Thread(target=server.serve_forever, daemon=True).start()
files = s3fs.S3FileSystem(endpoint_url=f"http://127.0.0.1:{server.server_port}", key="AKIAIOSFODNN7EXAMPLE", secret="secret")
print("rm:", files.rm(["holiday/pots/a", "holiday/pots/b"]))
print("rm of a folder:", files.rm("holiday/pots", recursive=True))
try:
    print("rm_file:", files.rm_file("holiday/pots/a"))
except PermissionError:
    print("rm_file: PermissionError")
PY
seen=$("$folder/venv/bin/python" "$folder/remove.py")
printf '%s\n' "$seen"
[[ $seen == $'rm: []\nrm of a folder: []\nrm_file: PermissionError' ]]
