"""DuckDB reads and writes Parquet and CSV by its httpfs extension: HEAD, ranged GETs, globs by lists, multipart uploads."""

import duckdb
from duck import connect
from harness import client, fresh_bucket, job, same

ROWS = 300_000


def numbers(rows, offset=0):
    # md5 keeps Parquet from compressing the column away: the file takes several ranges and parts.
    return f"SELECT i + {offset} AS id, i % 7 AS kind, md5(i::VARCHAR) AS text FROM range({rows}) t(i)"


@job
def parquet_written_and_read_by_ranges():
    s3, db = client(), connect()
    with fresh_bucket(s3) as bucket:
        url = f"s3://{bucket}/deep/numbers é.parquet"
        db.execute(f"COPY ({numbers(ROWS)}) TO '{url}' (FORMAT parquet, ROW_GROUP_SIZE 20000)")
        size = s3.head_object(Bucket=bucket, Key="deep/numbers é.parquet")["ContentLength"]
        same(size > 8_000_000, True, f"a file of {size} bytes is large enough for parts")
        expected = db.execute(f"SELECT count(*), sum(id), md5(string_agg(text, '' ORDER BY id)) FROM ({numbers(ROWS)})")
        wanted = expected.fetchone()
        read = db.execute(f"SELECT count(*), sum(id), md5(string_agg(text, '' ORDER BY id)) FROM '{url}'").fetchone()
        same(read, wanted, "all rows")
        one = db.execute(f"SELECT text = md5('123456') FROM '{url}' WHERE id = 123456").fetchall()
        same(one, [(True,)], "one row, of which only its group is read")
        same(db.execute(f"SELECT kind, count(*) FROM '{url}' GROUP BY 1 ORDER BY 1").fetchall(), kinds(), "one column")
        return f"{size} bytes"


def kinds():
    return [(kind, len(range(kind, ROWS, 7))) for kind in range(7)]


@job
def globs_and_hive_partitions():
    s3, db = client(), connect()
    with fresh_bucket(s3) as bucket:
        for year in (2024, 2025, 2026):
            db.execute(f"COPY ({numbers(1000, year * 1000)}) TO 's3://{bucket}/t/year={year}/a.parquet' (FORMAT parquet)")
        glob = f"read_parquet('s3://{bucket}/t/*/*.parquet', hive_partitioning = true)"
        counted = db.execute(f"SELECT year, count(*), min(id) FROM {glob} GROUP BY 1 ORDER BY 1").fetchall()
        same(counted, [(year, 1000, year * 1000) for year in (2024, 2025, 2026)], "partitions")
        db.execute(f"COPY (SELECT * FROM {glob} WHERE year = 2025) TO 's3://{bucket}/out.csv' (HEADER)")
        same(db.execute(f"SELECT count(*) FROM read_csv('s3://{bucket}/out.csv')").fetchone(), (1000,), "CSV")


@job
def what_was_overwritten_is_read_anew():
    s3, db = client(), connect()
    with fresh_bucket(s3) as bucket:
        url = f"s3://{bucket}/t.parquet"
        for rows in (10, 20_000, 5):
            db.execute(f"COPY ({numbers(rows)}) TO '{url}' (FORMAT parquet)")
            same(db.execute(f"SELECT count(*) FROM '{url}'").fetchone(), (rows,), "rows")
        s3.delete_object(Bucket=bucket, Key="t.parquet")
        try:
            db.execute(f"SELECT count(*) FROM '{url}'")
        except duckdb.Error as error:
            same("404" in str(error), True, f"the error of a missing file: {error}")
        else:
            raise AssertionError("a missing file was read")
