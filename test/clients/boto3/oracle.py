"""Generated queries by POST /-/sql beside DuckDB over the same rows, which it reads from Sherd's own Parquet answer."""

import json
import math
import os
import random
import re

import duckdb
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client, fresh_bucket, job, same, scratch

OBJECTS = 400
QUERIES = int(os.environ.get("CLIENTS_SQL_QUERIES", "2000"))
SEED = int(os.environ.get("CLIENTS_SQL_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
COLUMNS = "bucket, key, size, last_modified_ms, etag, content_type, storage_class, metadata, tags"
POOL = urllib3.PoolManager(maxsize=1)

OWNER = "(metadata ->> 'owner')"
TEAM = "(tags ->> 'team')"
TEXTS = ["key", "etag", "content_type", "storage_class", OWNER, TEAM, "substr(key, 1, 2)", "upper(etag)", "coalesce(content_type, 'none')"]
NUMBERS = ["size", "size % 7", "length(key)", "instr(key, '7')", "size * 2 - 5", "CASE WHEN size > 40 THEN 1 ELSE 0 END"]
CONDITIONS = [
    "size > 50",
    "size % 7 = 3",
    "size BETWEEN 20 AND 60",
    "NOT (size BETWEEN 20 AND 80)",
    "key GLOB 'a/*'",
    "key >= 'a/2' AND key < 'b/3'",
    "key IN ('a/7', 'b/91', '104', 'ü/30')",
    "key < 'ü' AND key > 'b'",
    "starts_with(key, 'a/')",
    "starts_with(key, 'b/1') AND size > 20",
    "starts_with(key, '')",
    "key = 'a/7'",
    "key = 'b/91' AND size >= 0",
    "lower(key) LIKE '%1_'",
    "content_type IS NULL OR content_type <> 'text/plain'",
    "content_type IN ('text/plain', 'image/png')",
    f"{OWNER} = 'o1'",
    f"{OWNER} IN ('o2', 'o3') OR size < 5",
    f"{TEAM} IS NULL",
    f"{TEAM} = 't1'",
    f"coalesce({TEAM}, '') || content_type LIKE 't%'",
    "length(key) > 4 AND instr(key, '3') > 0",
    "size > (SELECT avg(size) FROM objects)",
    "etag IN (SELECT etag FROM objects WHERE size < 30)",
    "EXISTS (SELECT 1 FROM objects o WHERE o.key = objects.key AND o.size > 40)",
]
AGGREGATES = [
    "count(*)",
    "sum(size)",
    "min(key)",
    "max(size)",
    "avg(size)",
    "count(content_type)",
    "count(DISTINCT etag)",
    "count(*) FILTER (WHERE size > 30)",
    "sum(size) + count(*) * 2",
    "max(size) - min(size)",
    f"min({OWNER})",
]


def ask(query, bucket, form="jsonl"):
    """The answer; None if the estimate is above what a query may read."""
    body = json.dumps({"query": query, "format": form, "rows": 10_000, "buckets": [bucket]})
    request = AWSRequest("POST", ENDPOINT + "/-/sql", data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "sherd", REGION).add_auth(request)
    prepared = request.prepare()
    answer = POOL.request("POST", prepared.url, body=prepared.body, headers=dict(prepared.headers), retries=False)
    if answer.status == 400 and json.loads(answer.data)["error"]["code"] == "LimitExceeded":
        return None
    if answer.status != 200:
        raise AssertionError(f"{query}: {answer.status} {answer.data.decode()}")
    same(answer.headers.get("X-Sherd-Next-Token"), None, f"a token after {query}")
    return answer.data


def where(pick, bucket):
    """The server leaves out conditions by which it has chosen the rows: with the table's name and without it, in parentheses or not."""
    chosen = [part for one in pick.sample(CONDITIONS, pick.randrange(3)) for part in parts(pick, one)]
    return "WHERE " + " AND ".join([f"{pick.choice(['', 'objects.'])}bucket = '{bucket}'", *chosen])


def parts(pick, condition):
    if pick.random() < 0.5 or " OR " in condition or "BETWEEN" in condition:
        return [f"({condition})"]
    qualified = pick.choice([condition, re.sub(r"(?<![.'\w])key\b", "objects.key", condition)])
    return [qualified if "SELECT" not in condition else f"({condition})"]


def plain(pick, bucket):
    columns = pick.sample(TEXTS + NUMBERS, pick.randrange(1, 4))
    distinct = pick.choice(["", "DISTINCT "])
    return f"SELECT {distinct}{named(columns)} FROM objects {where(pick, bucket)}", False


def grouped(pick, bucket):
    keys = pick.sample(TEXTS + NUMBERS, pick.randrange(3))
    values = pick.sample(AGGREGATES, pick.randrange(1, 4))
    query = f"SELECT {named(keys + values)} FROM objects {where(pick, bucket)}"
    if not keys:
        return query, False
    having = pick.choice(["", " HAVING count(*) > 3", " HAVING sum(size) > 50 OR min(size) = 1"])
    return f"{query} GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}{having}", False


def ordered(pick, bucket):
    by = pick.choice(TEXTS + NUMBERS)
    direction = pick.choice(["ASC NULLS FIRST", "DESC NULLS LAST"])
    limit = f"LIMIT {pick.randrange(30)} OFFSET {pick.randrange(10)}"
    return f"SELECT key AS c0, {by} AS c1 FROM objects {where(pick, bucket)} ORDER BY {by} {direction}, key {limit}", True


def windowed(pick, bucket):
    part, by = pick.choice(TEXTS), pick.choice(NUMBERS)
    function = pick.choice(["row_number()", "sum(size)", "count(*)", "lag(size)", "first_value(key)", "dense_rank()"])
    return f"SELECT key AS c0, {function} OVER (PARTITION BY {part} ORDER BY {by}, key) AS c1 FROM objects {where(pick, bucket)}", False


def combined(pick, bucket):
    operator = pick.choice(["UNION", "UNION ALL", "EXCEPT", "INTERSECT"])
    column = pick.choice(TEXTS)
    return f"SELECT {column} AS c0 FROM objects {where(pick, bucket)} {operator} SELECT {column} FROM objects {where(pick, bucket)}", False


def joined(pick, bucket):
    kind = pick.choice(["JOIN", "LEFT JOIN"])
    return (
        f"WITH big AS (SELECT key, etag, size FROM objects {where(pick, bucket)}), sums AS (SELECT etag, count(*) AS n, sum(size) AS s "
        f"FROM objects {where(pick, bucket)} GROUP BY etag) SELECT b.key AS c0, s.n AS c1, s.s - b.size AS c2 FROM big b {kind} sums s ON s.etag = b.etag",
        False,
    )


def named(columns):
    return ", ".join(f"{column} AS c{at}" for at, column in enumerate(columns))


FORMS = [plain, grouped, ordered, windowed, combined, joined]


def shown(value):
    """A value as both have it: SQLite knows no booleans, and sums of floats depend on their order."""
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, (int, str)):
        return value
    number = float(value)
    return int(number) if math.isfinite(number) and number == int(number) else float(f"{number:.10g}")


def rows_of(rows, is_ordered):
    found = [tuple(shown(value) for value in row) for row in rows]
    return found if is_ordered else sorted(found, key=repr)


def fill(s3, bucket):
    for at in range(OBJECTS):
        folder = ["a/", "b/", "ü/", ""][(at >> 2) % 4]
        more = [{"ContentType": "text/plain"}, {"ContentType": "image/png"}, {}][at % 3]
        tags = {"Tagging": f"team=t{at % 3}"} if at % 4 == 0 else {}
        body = b"x" * (at * 37 % 101)
        s3.put_object(Bucket=bucket, Key=f"{folder}{at * 7919 % OBJECTS}", Body=body, Metadata={"owner": f"o{at % 6}"}, **more, **tags)


@job
def generated_queries_have_the_rows_of_duckdb():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        fill(s3, bucket)
        path = scratch("objects.parquet")
        with open(path, "wb") as file:
            file.write(ask(f"SELECT {COLUMNS} FROM objects WHERE bucket = '{bucket}'", bucket, "parquet"))
        db = duckdb.connect()
        db.execute(f"CREATE TABLE objects AS SELECT * REPLACE (metadata::JSON AS metadata, tags::JSON AS tags) FROM read_parquet('{path}')")
        same(db.execute("SELECT count(*), sum(size) FROM objects").fetchall(), [(OBJECTS, sum(at * 37 % 101 for at in range(OBJECTS)))], "rows")
        pick = random.Random(SEED)
        refused = 0
        for number in range(QUERIES):
            query, is_ordered = pick.choice(FORMS)(pick, bucket)
            answer = ask(query, bucket)
            if answer is None:
                refused += 1
                continue
            expected = rows_of(db.execute(query).fetchall(), is_ordered)
            found = [tuple(json.loads(line).values()) for line in answer.decode().splitlines()]
            same(rows_of(found, is_ordered), expected, f"query {number} of seed {SEED}: {query}")
    if refused > QUERIES / 20:
        raise AssertionError(f"{refused} of {QUERIES} queries were refused, seed {SEED}")
    return f"{QUERIES} queries, {refused} above the limit, seed {SEED}, DuckDB {duckdb.__version__}"
