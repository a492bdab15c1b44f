"""S3 Select: select_object_content over CSV, JSON and Parquet, as boto3 and minio-py's documents show it."""

import bz2
import gzip
import json

from harness import client, fails_with, fresh_bucket, job, same

CSV = "city,days,note\nGraz,3,plain\nWien,12,\"a, b\"\nLinz,7,\n"


def query(s3, bucket, key, expression, given, output=None, **more):
    answer = s3.select_object_content(
        Bucket=bucket,
        Key=key,
        Expression=expression,
        ExpressionType="SQL",
        InputSerialization=given,
        OutputSerialization=output or {"JSON": {}},
        **more,
    )
    kinds, records = [], b""
    for event in answer["Payload"]:
        kinds.extend(event)
        records += event.get("Records", {}).get("Payload", b"")
    same(kinds[-2:], ["Stats", "End"], "the last events")
    return records.decode()


@job
def csv_is_selected_plain_and_compressed():
    s3 = client()
    expression = "SELECT s.city, CAST(s.days AS INT) AS days FROM S3Object s WHERE CAST(s.days AS INT) > 5"
    expected = '{"city":"Wien","days":12}\n{"city":"Linz","days":7}\n'
    with fresh_bucket(s3) as bucket:
        for kind, body in (("NONE", CSV.encode()), ("GZIP", gzip.compress(CSV.encode())), ("BZIP2", bz2.compress(CSV.encode()))):
            s3.put_object(Bucket=bucket, Key=kind, Body=body)
            given = {"CSV": {"FileHeaderInfo": "USE"}, "CompressionType": kind}
            same(query(s3, bucket, kind, expression, given), expected, kind)
        given = {"CSV": {"FileHeaderInfo": "USE", "RecordDelimiter": "\n", "FieldDelimiter": ","}}
        output = {"CSV": {"QuoteFields": "ALWAYS", "RecordDelimiter": "|"}}
        found = query(s3, bucket, "NONE", "SELECT note FROM S3Object LIMIT 2", given, output, RequestProgress={"Enabled": True})
        same(found, '"plain"|"a, b"|', "CSV out")
        part = query(s3, bucket, "NONE", "SELECT city FROM S3Object", given, ScanRange={"Start": 16, "End": 33})
        same(part, '{"city":"Wien"}\n', "a scan range")


@job
def json_is_selected():
    s3 = client()
    lines = "".join(json.dumps({"id": 2**60 + i, "tags": [{"k": i}]}) + "\n" for i in range(5))
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="lines", Body=lines)
        expression = "SELECT s.id, s.tags[0].k FROM S3Object s WHERE s.tags[0].k BETWEEN 2 AND 3"
        found = query(s3, bucket, "lines", expression, {"JSON": {"Type": "LINES"}})
        same([json.loads(line) for line in found.splitlines()], [{"id": 2**60 + i, "k": i} for i in (2, 3)], "lines")
        s3.put_object(Bucket=bucket, Key="document", Body=json.dumps({"rows": [{"a": 1}, {"a": 2}]}, indent=2))
        found = query(s3, bucket, "document", "SELECT SUM(r.a) AS s FROM S3Object[*].rows[*] r", {"JSON": {"Type": "DOCUMENT"}})
        same(found, '{"s":3}\n', "a document")


@job
def refusals_are_those_of_aws():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_object(Bucket=bucket, Key="k", Body=CSV)

        def asked(code, expression, given=None):
            given = given or {"CSV": {"FileHeaderInfo": "USE"}}
            fails_with(code, 400, query, s3, bucket, "k", expression, given)

        asked("MissingHeaderName", "SELECT nothing FROM S3Object")
        asked("ParseSelectMissingFrom", "SELECT 1")
        asked("CastFailed", "SELECT CAST(city AS INT) FROM S3Object")
        asked("ParquetParsingError", "SELECT 1 FROM S3Object", {"Parquet": {}})
        fails_with("NoSuchKey", 404, query, s3, bucket, "absent", "SELECT 1 FROM S3Object", {"CSV": {}})
