"""Queries over the metadata: Athena by boto3, and POST /-/sql signed by botocore."""

import json
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, fresh_bucket, job
from identities import Person, allow, expect, refused, service


def fill(s3, bucket):
    for number in range(12):
        s3.put_object(Bucket=bucket, Key=f"2026/{number:02}", Body=b"x" * number, Metadata={"n": str(number)})


@job
def athena_runs_a_query_and_pages_through_its_result():
    with fresh_bucket() as bucket:
        fill(client(), bucket)
        athena = service("athena")
        started = athena.start_query_execution(
            QueryString="SELECT key, size, metadata FROM store.objects WHERE bucket = ? ORDER BY key",
            QueryExecutionContext={"Catalog": "sherd", "Database": "store"},
            ExecutionParameters=[f"'{bucket}'"],
            ResultConfiguration={"OutputLocation": f"s3://{bucket}/results/"},
        )
        execution = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
        expect(execution["Status"]["State"] == "SUCCEEDED", execution["Status"])
        pages = athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=started["QueryExecutionId"], PaginationConfig={"PageSize": 5}
        )
        rows = [[field.get("VarCharValue") for field in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
        expect(rows[0] == ["key", "size", "metadata"], rows[0])
        expect(rows[1:] == [[f"2026/{n:02}", str(n), f"{{n={n}}}"] for n in range(12)], rows)
        columns = athena.get_table_metadata(CatalogName="sherd", DatabaseName="store", TableName="objects")
        types = {column["Name"]: column["Type"] for column in columns["TableMetadata"]["Columns"]}
        expect(types["size"] == "bigint" and types["tags"] == "map<string,string>", types)


@job
def a_query_sees_what_its_caller_may_list():
    with fresh_bucket() as bucket:
        fill(client(), bucket)
        query = json.dumps({"query": "SELECT count(*) AS n FROM objects WHERE bucket = ?", "parameters": [bucket]})
        expect(ask(query, ACCESS_KEY, SECRET_KEY) == {"n": 12}, "root sees all")
        part = {"Condition": {"StringLike": {"s3:prefix": "2026/1*"}}}
        with Person(allow("sherd:Query", "*"), allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", **part)) as ann:
            key = ann.key["AccessKeyId"], ann.key["SecretAccessKey"]
            expect(ask(query, *key) == {"n": 2}, "a user sees what is below the prefix")
            execution = dict(QueryString="SELECT 1", ResultConfiguration={"OutputLocation": f"s3://{bucket}/"})
            refused("AccessDeniedException", ann.client("athena").start_query_execution, **execution)


def ask(body, access_key, secret_key):
    request = AWSRequest("POST", f"{ENDPOINT}/-/sql", data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(access_key, secret_key), "sherd", REGION).add_auth(request)
    headers = dict(request.prepare().headers)
    sent = urllib.request.Request(request.url, data=body.encode(), headers=headers, method="POST")
    with urllib.request.urlopen(sent) as answer:
        return json.loads(answer.read().splitlines()[0])
