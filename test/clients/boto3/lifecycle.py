"""Lifecycle configurations, and what answers say of them."""

from harness import job
from identities import expect, refused, service, unique

RULES = [
    {
        "ID": "a month",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "keep", "Value": "no"}], "ObjectSizeGreaterThan": 1}},
        "Expiration": {"Days": 30},
    },
    {
        "ID": "versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
    },
    {"ID": "markers", "Status": "Disabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
]


@job
def a_configuration_comes_back_as_it_was_put():
    s3, bucket = service("s3"), unique("aging")
    s3.create_bucket(Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": RULES})
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    expect(found["Rules"] == RULES, "the rules")
    expect(found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K", "the size")
    s3.delete_bucket_lifecycle(Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)


@job
def a_configuration_that_cannot_be_is_refused():
    s3, bucket = service("s3"), unique("aging")
    s3.create_bucket(Bucket=bucket)
    rule = {"ID": "r", "Status": "Enabled", "Filter": {}}
    put = s3.put_bucket_lifecycle_configuration
    for code, rules in [
        ("InvalidArgument", [{**rule, "Expiration": {"Days": 0}}]),
        ("InvalidRequest", [rule]),
        ("InvalidArgument", [{**rule, "Expiration": {"Days": 1}}] * 2),
        ("MalformedXML", [{**rule, "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}]),
    ]:
        refused(code, put, Bucket=bucket, LifecycleConfiguration={"Rules": rules})


@job
def answers_say_when_an_object_expires():
    s3, bucket = service("s3"), unique("aging")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": RULES})
    put = s3.put_object(Bucket=bucket, Key="logs/a", Body=b"line", Tagging="keep=no")
    expect('rule-id="a month"' in put["Expiration"], "PutObject")
    expect(s3.head_object(Bucket=bucket, Key="logs/a")["Expiration"] == put["Expiration"], "HeadObject")
    expect(s3.get_object(Bucket=bucket, Key="logs/a")["Expiration"] == put["Expiration"], "GetObject")
    expect("Expiration" not in s3.put_object(Bucket=bucket, Key="logs/b", Body=b"line"), "another object")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="logs/c")
    expect(upload["AbortRuleId"] == "versions", "CreateMultipartUpload")
    parts = s3.list_parts(Bucket=bucket, Key="logs/c", UploadId=upload["UploadId"])
    expect(parts["AbortDate"] == upload["AbortDate"], "ListParts")
