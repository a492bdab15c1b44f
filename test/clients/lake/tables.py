"""Tables on object storage: Delta Lake, Iceberg and Lance commit by If-None-Match, polars and pyarrow read by ranges."""

import concurrent.futures
import json

import deltalake
import lance
import polars
import pyarrow
import pyarrow.compute as compute
from deltalake.exceptions import CommitFailedError
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, fresh_bucket, job, same, scratch
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException

# The object_store crate, which Delta Lake, Lance and polars share, takes these names.
OPTIONS = {
    "aws_access_key_id": ACCESS_KEY,
    "aws_secret_access_key": SECRET_KEY,
    "aws_region": REGION,
    "aws_endpoint_url": ENDPOINT,
    "aws_virtual_hosted_style_request": "false",
    "aws_allow_http": "true",
}


def rows(count, offset=0):
    ids = list(range(offset, offset + count))
    return pyarrow.table({"id": ids, "kind": [i % 7 for i in ids], "text": [f"pot {i}" for i in ids]})


@job
def delta_lake():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        url = f"s3://{bucket}/deep/a table"
        deltalake.write_deltalake(url, rows(1000), storage_options=OPTIONS)
        deltalake.write_deltalake(url, rows(500, 1000), mode="append", storage_options=OPTIONS)
        table = deltalake.DeltaTable(url, storage_options=OPTIONS)
        same(sorted(table.to_pyarrow_table()["id"].to_pylist()), list(range(1500)), "all rows")
        table.delete("id >= 1400")
        table.update(predicate="id = 7", updates={"text": "'glazed'"})
        same(table.to_pyarrow_table(filters=[("id", "=", 7)])["text"].to_pylist(), ["glazed"], "an updated row")
        old = deltalake.DeltaTable(url, version=0, storage_options=OPTIONS)
        same(old.to_pyarrow_table().num_rows, 1000, "rows of version 0")
        table.optimize.compact()
        table.create_checkpoint()
        again = deltalake.DeltaTable(url, storage_options=OPTIONS)
        same((again.version(), again.to_pyarrow_table().num_rows), (table.version(), 1400), "after a checkpoint")
        removed = again.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        same(len(removed) > 0, True, "vacuum removes files")
        same(again.to_pyarrow_table().num_rows, 1400, "rows after vacuum")


@job
def delta_lake_writers_at_the_same_time():
    """A commit is one PUT with If-None-Match: whoever loses reads the log again and takes the next version."""
    s3 = client()
    with fresh_bucket(s3) as bucket:
        url = f"s3://{bucket}/table"
        deltalake.write_deltalake(url, rows(1), storage_options=OPTIONS)

        def append(number):
            deltalake.write_deltalake(url, rows(10, number * 100), mode="append", storage_options=OPTIONS)

        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            list(threads.map(append, range(1, 13)))
        table = deltalake.DeltaTable(url, storage_options=OPTIONS)
        same((table.version(), table.to_pyarrow_table().num_rows), (12, 121), "version and rows")
        stale = deltalake.DeltaTable(url, version=3, storage_options=OPTIONS)
        try:
            stale.delete("id >= 0")
        except CommitFailedError:
            return
        raise AssertionError("a delete on an old version was committed")


@job
def iceberg():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        catalog = SqlCatalog(
            "pots",
            **{
                "uri": f"sqlite:///{scratch('iceberg.db')}",
                "warehouse": f"s3://{bucket}/warehouse",
                "s3.endpoint": ENDPOINT,
                "s3.access-key-id": ACCESS_KEY,
                "s3.secret-access-key": SECRET_KEY,
                "s3.region": REGION,
            },
        )
        catalog.create_namespace("kiln")
        table = catalog.create_table("kiln.pots", schema=rows(1).schema)
        table.append(rows(1000))
        first = table.current_snapshot().snapshot_id
        table.append(rows(500, 1000))
        table.delete("id >= 1400")
        same(table.scan().to_arrow().num_rows, 1400, "rows")
        same(table.scan(row_filter="kind = 3 and id < 100").to_arrow().num_rows, len(range(3, 100, 7)), "a filter")
        same(table.scan(snapshot_id=first).to_arrow().num_rows, 1000, "rows of the first snapshot")
        stale = catalog.load_table("kiln.pots")
        table.append(rows(1, 5000))
        try:
            stale.append(rows(1, 6000))
        except CommitFailedException:
            same(catalog.load_table("kiln.pots").scan().to_arrow().num_rows, 1401, "rows after a lost commit")
        else:
            same(catalog.load_table("kiln.pots").scan().to_arrow().num_rows, 1402, "rows after a commit that was retried")
        catalog.purge_table("kiln.pots")
        catalog.close()
        left = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        same([entry["Key"] for entry in left if entry["Key"].endswith(".parquet")], [], "data files after a purge")


@job
def lance_dataset():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        url = f"s3://{bucket}/pots.lance"
        lance.write_dataset(rows(1000), url, storage_options=OPTIONS)
        dataset = lance.write_dataset(rows(500, 1000), url, mode="append", storage_options=OPTIONS)
        same((dataset.version, dataset.count_rows()), (2, 1500), "version and rows")
        same(dataset.take([3, 1400], columns=["text"])["text"].to_pylist(), ["pot 3", "pot 1400"], "rows by number")
        same(dataset.count_rows("kind = 3"), len(range(3, 1500, 7)), "a filter")
        dataset.delete("id >= 1400")
        dataset.update({"text": "'glazed'"}, where="id = 7")
        same(lance.dataset(url, version=1, storage_options=OPTIONS).count_rows(), 1000, "rows of version 1")
        now = lance.dataset(url, storage_options=OPTIONS)
        same(now.to_table(filter="id = 7")["text"].to_pylist(), ["glazed"], "an updated row")
        now.optimize.compact_files()
        same(lance.dataset(url, storage_options=OPTIONS).count_rows(), 1400, "rows after compaction")

        def append(number):
            lance.write_dataset(rows(10, 10_000 * number), url, mode="append", storage_options=OPTIONS)

        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            list(threads.map(append, range(1, 7)))
        same(lance.dataset(url, storage_options=OPTIONS).count_rows(), 1460, "rows after writers at the same time")


@job
def polars_frames():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        frame = polars.DataFrame({"id": range(200_000), "text": [f"pot {i}" for i in range(200_000)]})
        for year in (2024, 2025):
            frame.with_columns(polars.col("id") + year).write_parquet(
                f"s3://{bucket}/t/year={year}/é a.parquet", storage_options=OPTIONS, row_group_size=20_000
            )
        scan = polars.scan_parquet(f"s3://{bucket}/t/", storage_options=OPTIONS, hive_partitioning=True)
        counted = scan.group_by("year").agg(polars.len(), polars.col("id").min()).sort("year").collect()
        same(counted.rows(), [(2024, 200_000, 2024), (2025, 200_000, 2025)], "partitions")
        one = scan.filter((polars.col("id") == 150_000) & (polars.col("year") == 2025)).select("text").collect()
        same(one.rows(), [(f"pot {150_000 - 2025}",)], "one row")
        frame.lazy().sink_parquet(f"s3://{bucket}/sunk.parquet", storage_options=OPTIONS)
        same(polars.read_parquet(f"s3://{bucket}/sunk.parquet", storage_options=OPTIONS).equals(frame), True, "sink")
        frame.head(100).write_csv(f"s3://{bucket}/t.csv", storage_options=OPTIONS)
        same(polars.scan_csv(f"s3://{bucket}/t.csv", storage_options=OPTIONS).collect().height, 100, "CSV")
        frame.head(0).write_parquet(f"s3://{bucket}/none.parquet", storage_options=OPTIONS)
        same(polars.read_parquet(f"s3://{bucket}/none.parquet", storage_options=OPTIONS).height, 0, "no rows")
        try:
            polars.read_parquet(f"s3://{bucket}/missing.parquet", storage_options=OPTIONS)
        except (FileNotFoundError, OSError, polars.exceptions.ComputeError):
            return
        raise AssertionError("a missing file was read")


@job
def pyarrow_filesystem():
    import pyarrow.dataset
    from pyarrow.fs import FileSelector, S3FileSystem

    s3 = client()
    with fresh_bucket(s3) as bucket:
        files = S3FileSystem(
            access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, endpoint_override=ENDPOINT, scheme="http"
        )
        for size in (0, 5, 11_000_000):
            data = b"x" * size
            with files.open_output_stream(f"{bucket}/deep/file", metadata={"Content-Type": "text/x-pot"}) as stream:
                stream.write(data)
            with files.open_input_file(f"{bucket}/deep/file") as file:
                same((file.size(), file.read()), (size, data), f"a file of {size}")
        same(s3.head_object(Bucket=bucket, Key="deep/file")["ContentType"], "text/x-pot", "content type")
        pyarrow.dataset.write_dataset(rows(7000), f"{bucket}/set", format="parquet", partitioning=["kind"], filesystem=files)
        found = pyarrow.dataset.dataset(f"{bucket}/set", partitioning=["kind"], filesystem=files)
        same(found.count_rows(filter=compute.field("kind") == 3), 1000, "rows of a partition")
        files.move(f"{bucket}/deep/file", f"{bucket}/moved é")
        names = [info.base_name for info in files.get_file_info(FileSelector(bucket))]
        same(sorted(names), ["deep", "moved é", "set"], "names")
        files.delete_dir(f"{bucket}/set")
        same(json.dumps([info.path for info in files.get_file_info(FileSelector(f"{bucket}/set", allow_not_found=True))]), "[]", "a deleted folder")
