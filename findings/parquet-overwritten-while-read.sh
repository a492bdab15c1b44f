#!/usr/bin/env bash
# polars 2.1.0 and pyarrow 26.0.1 read a Parquet file by several GETs with Range. Both know the ETag from the first answer, and neither sends
# If-Match. If the object is overwritten in between by a file of the same size, one read returns rows of both, without an error.
#
# Seen with a file of 1s that becomes a file of 2s after the second GET: the column has both values, by either library.
# What helps: write each version of a table under a key of its own, as Delta Lake and Iceberg do; or download the object by one GET first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1
cat > "$folder/read.py" <<'PY'
import io
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import polars
import pyarrow
import pyarrow.parquet
from pyarrow.fs import S3FileSystem


def file_of(value):
    out = io.BytesIO()
    table = pyarrow.table({"n": pyarrow.array([value] * 400_000, pyarrow.int64())})
    pyarrow.parquet.write_table(table, out, row_group_size=100_000, use_dictionary=False, compression="none")
    return out.getvalue()


old, new = file_of(1), file_of(2)
assert len(old) == len(new)
lock = Lock()
seen = {"gets": 0, "conditions": 0}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        with lock:
            seen["gets"] += self.command == "GET"
            seen["conditions"] += "If-Match" in self.headers
            body, tag = (old, '"old"') if seen["gets"] <= 2 else (new, '"new"')
        first, last = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"]).groups() if "Range" in self.headers else ("0", "")
        start = int(first) if first else len(body) - int(last)
        end = min(int(last), len(body) - 1) if first and last else len(body) - 1
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Range", f"bytes {start}-{end}/{len(body)}")
        self.send_header("Content-Length", str(end - start + 1))
        self.send_header("Last-Modified", "Sun, 01 Nov 2026 00:00:00 GMT")
        self.send_header("ETag", tag)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[start : end + 1])

    do_HEAD = do_GET


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"
keys = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "secret"}
options = {"aws_endpoint_url": endpoint, "aws_allow_http": "true", "aws_region": "us-east-1"}
options |= {"aws_access_key_id": keys["access_key"], "aws_secret_access_key": keys["secret_key"]}
frame = polars.scan_parquet("s3://b/k.parquet", storage_options=options).collect()
print("polars:", sorted(frame["n"].unique()), "conditions:", seen["conditions"])
seen["gets"] = 0
system = S3FileSystem(endpoint_override=endpoint, region="us-east-1", **keys)
table = pyarrow.parquet.read_table("b/k.parquet", filesystem=system, pre_buffer=False)
print("pyarrow:", sorted(set(table["n"].to_pylist())), "conditions:", seen["conditions"])
PY
seen=$("$folder/venv/bin/python" "$folder/read.py")
printf '%s\n' "$seen"
[[ $seen == $'polars: [1, 2] conditions: 0\npyarrow: [1, 2] conditions: 0' ]]
