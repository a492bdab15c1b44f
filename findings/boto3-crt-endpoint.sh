#!/usr/bin/env bash
# boto3 1.44.8 with awscrt 0.38.1: a transfer with preferred_transfer_client="crt" does not use the endpoint_url of the client that it is made
# of. The file goes to AWS, signed with the client's keys, whatever server the client is for. Only AWS_ENDPOINT_URL is honoured.
#
# Seen: endpoint_url="http://127.0.0.1:9000": host of the upload is holiday.s3.amazonaws.com; with AWS_ENDPOINT_URL it is
# 127.0.0.1:9000. No request is sent here: the program looks at what the transfer manager would send.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8 awscrt==0.38.1
cat > "$folder/host.py" <<'PY'
import boto3
import boto3.crt
from boto3.s3.transfer import TransferConfig
from s3transfer.crt import CRTTransferFuture, CRTTransferMeta
from s3transfer.utils import CallArgs

client = boto3.client(
    "s3",
    endpoint_url="http://127.0.0.1:9000",
    region_name="us-east-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="secret",
)
manager = boto3.crt.create_crt_transfer_manager(client, TransferConfig(preferred_transfer_client="crt"))
serializer = manager._s3_args_creator._request_serializer
call = CallArgs(fileobj="photo.jpg", bucket="holiday", key="photo.jpg", extra_args={}, subscribers=[])
request = serializer.serialize_http_request("put_object", CRTTransferFuture(CRTTransferMeta(call_args=call)))
print(client.meta.endpoint_url, request.headers.get("host"))
PY
export AWS_EC2_METADATA_DISABLED=true
unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
by_client=$("$folder/venv/bin/python" "$folder/host.py")
by_environment=$(AWS_ENDPOINT_URL=http://127.0.0.1:9000 "$folder/venv/bin/python" "$folder/host.py")
printf '%s\n%s\n' "$by_client" "$by_environment"
[[ $by_client == "http://127.0.0.1:9000 holiday.s3.amazonaws.com" ]]
[[ $by_environment == "http://127.0.0.1:9000 127.0.0.1:9000" ]]
