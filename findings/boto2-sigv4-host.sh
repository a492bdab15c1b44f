#!/usr/bin/env bash
# boto 2.49.0 with signature version 4 (S3_USE_SIGV4) and an endpoint that is not AWS's. Seen with Python 3.11:
# - On a port other than the default, the signed host has the port twice (`host:s3.eu-west-1.example.org:9000:9000`), while the
#   request has it once. Every server must refuse that signature.
# - The region is a label of the host name: `storage` for storage.example.org. With an IP address, signing fails with UnboundLocalError.
#
# What helps: a name and the default port; or version 2, which boto 2.49 signs unasked and which has neither fault.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet boto==2.49.0
cat > "$folder/sign.py" <<'PY'
import os

os.environ["S3_USE_SIGV4"] = "True"
from boto.s3.connection import OrdinaryCallingFormat, S3Connection


def signed(host, port):
    connection = S3Connection(
        "key", "secret", host=host, port=port, is_secure=False, calling_format=OrdinaryCallingFormat()
    )
    request = connection.build_base_http_request("GET", "/", "/", {}, {}, "", connection.server_name())
    try:
        request.authorize(connection=connection)
    except UnboundLocalError:
        return "UnboundLocalError"
    handler = connection._auth_handler
    lines = handler.canonical_request(request).split("\n")
    return next(line for line in lines if line.startswith("host:")), request.headers["Authorization"].split("/")[2]


for host, port in (("storage.example.org", 9000), ("storage.example.org", 80), ("192.0.2.1", 9000)):
    print(host, port, signed(host, port))
PY
seen=$("$folder/venv/bin/python" "$folder/sign.py")
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
storage.example.org 9000 ('host:storage.example.org:9000:9000', 'storage')
storage.example.org 80 ('host:storage.example.org', 'storage')
192.0.2.1 9000 UnboundLocalError
TEXT
