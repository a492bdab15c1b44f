"""AWS SDK for pandas: athena.read_sql_query over the metadata."""

import os

import awswrangler as wr
import boto3
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, fresh_bucket, job, same


@job
def awswrangler_reads_a_query_into_a_frame():
    os.environ["AWS_ENDPOINT_URL"] = ENDPOINT
    session = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION)
    with fresh_bucket() as bucket:
        s3 = client()
        for number in range(12):
            s3.put_object(Bucket=bucket, Key=f"2026/{number:02}", Body=b"x" * number)
        frame = wr.athena.read_sql_query(
            "SELECT key, size, last_modified FROM objects WHERE bucket = :bucket AND size > 3 ORDER BY key",
            database="store",
            ctas_approach=False,
            s3_output=f"s3://{bucket}/results/",
            params={"bucket": bucket},
            boto3_session=session,
        )
        same(frame["key"].tolist(), [f"2026/{n:02}" for n in range(4, 12)], "keys")
        same(frame["size"].tolist(), list(range(4, 12)), "sizes")
        same([str(kind) for kind in frame.dtypes][1], "Int64", "type of size")
    return f"pandas {frame.dtypes['last_modified']}"
