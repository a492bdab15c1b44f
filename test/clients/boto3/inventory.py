"""Inventories as they lie, read by DuckDB: CSV and Parquet beside a listing. The jobs of `run.ts`'s server run every 10 s."""

import hashlib
import json
import time
from urllib.parse import unquote

from duck import connect
from harness import client, fresh_bucket, job, same

OBJECTS = 300
WAIT_SECONDS = 150
FIELDS = ["Size", "LastModifiedDate", "StorageClass", "ETag", "EncryptionStatus", "ChecksumAlgorithm", "ObjectOwner"]


def policy(reports, source, account):
    condition = {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"}, "StringEquals": {"aws:SourceAccount": account}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{reports}/*",
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def configuration(name, reports, versions):
    return {
        "Id": name,
        "IsEnabled": True,
        "IncludedObjectVersions": versions,
        "Schedule": {"Frequency": "Daily"},
        "OptionalFields": FIELDS,
        "Destination": {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{reports}", "Format": name, "Prefix": "inv"}},
    }


def manifests(s3, reports):
    found = s3.list_objects_v2(Bucket=reports).get("Contents", [])
    return [entry["Key"] for entry in found if entry["Key"].endswith("manifest.checksum")]


def delivered(s3, reports, count):
    until = time.monotonic() + WAIT_SECONDS
    while len(manifests(s3, reports)) < count:
        if time.monotonic() > until:
            raise AssertionError(f"of {count} reports these came in time: {manifests(s3, reports)}")
        time.sleep(2)
    return [read_manifest(s3, reports, key) for key in sorted(manifests(s3, reports))]


def read_manifest(s3, reports, checksum):
    body = s3.get_object(Bucket=reports, Key=checksum.replace(".checksum", ".json"))["Body"].read()
    text = s3.get_object(Bucket=reports, Key=checksum)["Body"].read().decode()
    same(text, hashlib.md5(body).hexdigest(), "manifest.checksum")
    return json.loads(body)


@job
def inventories_read_as_they_lie():
    s3, db = client(), connect()
    with fresh_bucket(s3) as source, fresh_bucket(s3) as reports:
        for n in range(OBJECTS):
            s3.put_object(Bucket=source, Key=f"dir {n % 7}/ä+{n}", Body=b"x" * n)
        s3.put_bucket_policy(Bucket=reports, Policy=policy(reports, source, "100000000001"))
        for name, versions in [("CSV", "Current"), ("Parquet", "All")]:
            s3.put_bucket_inventory_configuration(
                Bucket=source, Id=name, InventoryConfiguration=configuration(name, reports, versions)
            )
        listed = s3.list_objects_v2(Bucket=source)["Contents"]
        wanted = sorted((entry["Key"], entry["Size"], entry["ETag"].strip('"')) for entry in listed)
        by_csv, by_parquet = delivered(s3, reports, 2)
        urls = [f"s3://{reports}/{file['key']}" for file in by_csv["files"]]
        names = by_csv["fileSchema"].split(", ")
        rows = db.execute("SELECT Key, Size, ETag FROM read_csv(?, header = false, names = ?)", [urls, names]).fetchall()
        same(sorted((unquote(key), size, etag) for key, size, etag in rows), wanted, "the CSV inventory")
        urls = [f"s3://{reports}/{file['key']}" for file in by_parquet["files"]]
        rows = db.execute("SELECT key, size, e_tag FROM read_parquet(?)", [urls]).fetchall()
        same(sorted(rows), wanted, "the Parquet inventory")
        described = db.execute("DESCRIBE SELECT * FROM read_parquet(?)", [urls]).fetchall()
        types = {row[0]: row[1] for row in described}
        same(types["last_modified_date"].split(" ")[0], "TIMESTAMP", "the type of times")
        same([types["is_latest"], types["size"]], ["BOOLEAN", "BIGINT"], "types")
