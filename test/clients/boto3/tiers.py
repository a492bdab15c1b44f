"""Storage classes, Intelligent-Tiering, inventories' configurations and RestoreObject by boto3. The server has a class GLACIER_IR of its own."""

from harness import client, fails_with, fresh_bucket, job, same

TIERING = {
    "Id": "cold",
    "Status": "Enabled",
    "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "kind", "Value": "log"}]}},
    "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}],
}
INVENTORY = {
    "Id": "all",
    "IsEnabled": False,
    "IncludedObjectVersions": "All",
    "Filter": {"Prefix": "logs/"},
    "Schedule": {"Frequency": "Weekly"},
    "OptionalFields": ["Size", "StorageClass"],
    "Destination": {
        "S3BucketDestination": {
            "AccountId": "100000000001",
            "Bucket": "arn:aws:s3:::reports",
            "Format": "Parquet",
            "Prefix": "inv",
            "Encryption": {"SSES3": {}},
        }
    },
}


@job
def objects_change_their_class_by_a_copy_onto_themselves():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        body = bytes(range(256)) * 4096
        s3.put_object(Bucket=bucket, Key="k", Body=body, Metadata={"a": "b"})
        source = {"Bucket": bucket, "Key": "k"}
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source, StorageClass="GLACIER_IR")
        found = s3.get_object(Bucket=bucket, Key="k")
        same(found["Body"].read(), body, "the bytes")
        same([found["StorageClass"], found["Metadata"]], ["GLACIER_IR", {"a": "b"}], "class and metadata")
        same(s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"], "GLACIER_IR", "the class in a listing")
        fails_with("InvalidObjectState", 403, s3.restore_object, Bucket=bucket, Key="k", RestoreRequest={"Days": 1})


@job
def intelligent_tiering_configurations():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        one = {"Bucket": bucket, "Id": "cold"}
        put = s3.put_bucket_intelligent_tiering_configuration
        put(**one, IntelligentTieringConfiguration=TIERING)
        found = s3.get_bucket_intelligent_tiering_configuration(Bucket=bucket, Id="cold")
        same(found["IntelligentTieringConfiguration"], TIERING, "the configuration")
        listed = s3.list_bucket_intelligent_tiering_configurations(Bucket=bucket)
        same(listed["IntelligentTieringConfigurationList"], [TIERING], "the list")
        deep = {**TIERING, "Tierings": [{"Days": 180, "AccessTier": "DEEP_ARCHIVE_ACCESS"}]}
        fails_with("InvalidArgument", 400, put, **one, IntelligentTieringConfiguration=deep)
        s3.delete_bucket_intelligent_tiering_configuration(**one)
        fails_with("NoSuchConfiguration", 404, s3.get_bucket_intelligent_tiering_configuration, **one)


@job
def inventory_configurations():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        s3.put_bucket_inventory_configuration(Bucket=bucket, Id="all", InventoryConfiguration=INVENTORY)
        found = s3.get_bucket_inventory_configuration(Bucket=bucket, Id="all")
        same(found["InventoryConfiguration"], INVENTORY, "the configuration")
        listed = s3.list_bucket_inventory_configurations(Bucket=bucket)
        same([listed["IsTruncated"], listed["InventoryConfigurationList"]], [False, [INVENTORY]], "the list")
        s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="all")
        fails_with("NoSuchConfiguration", 404, s3.get_bucket_inventory_configuration, Bucket=bucket, Id="all")
