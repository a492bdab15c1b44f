#!/usr/bin/env bash
# botocore 1.44.8: an S3 Control client puts the account id in front of the endpoint's host, also where
# Config(inject_host_prefix=False) asks it not to. With an endpoint that is an IP address or a plain host name the request
# goes to a host that does not exist.
#
# Seen: http://111122223333.127.0.0.1:9000/v20180820/configuration/publicAccessBlock
#
# What helps: strip the prefix in a handler of the event before-sign, or give the endpoint a name with a wildcard record.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check botocore==1.44.8
"$folder/venv/bin/python" - <<'PY'
import sys
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.session import Session

client = Session().create_client(
    "s3control",
    region_name="us-east-1",
    endpoint_url="http://127.0.0.1:9000",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="secret",
    config=Config(inject_host_prefix=False),
)
seen = []


def answer(request, **_):
    seen.append(request.url)
    return AWSResponse(request.url, 204, {}, None)


client.meta.events.register("before-send.s3-control", answer)
try:
    client.delete_public_access_block(AccountId="111122223333")
except AttributeError:  # the answer has no body to read
    pass
print(seen)
sys.exit(0 if seen == ["http://111122223333.127.0.0.1:9000/v20180820/configuration/publicAccessBlock"] else 1)
PY
