#!/usr/bin/env bash
# polars 2.1.0 cannot open a Parquet file that has a column of the logical type VARIANT, GEOMETRY or GEOGRAPHY, whichever other columns are
# asked for. It says "File out of specification", although the specification has all three.
#
# Seen with files that DuckDB 2.0.1 (VARIANT) and hyparquet-writer 0.17.0 (all three) wrote: polars fails to read the integer beside the
# column, pyarrow 26.0.1 reads both.
# What helps: pyarrow, then polars.from_arrow.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
npm init -y >/dev/null
npm install --silent --no-fund --no-audit hyparquet-writer@0.17.0 >/dev/null
cat > write.mjs <<'JS'
import { writeFileSync } from "node:fs";
import { parquetWriteBuffer } from "hyparquet-writer";

const point = { type: "Point", coordinates: [1, 2] };
for (const [type, value] of [["STRING", "x"], ["VARIANT", { a: 1 }], ["GEOMETRY", point], ["GEOGRAPHY", point]]) {
  const columnData = [{ name: "id", data: [7], type: "INT32" }, { name: "other", data: [value], type }];
  writeFileSync(`${type.toLowerCase()}.parquet`, new Uint8Array(parquetWriteBuffer({ columnData })));
}
JS
node write.mjs
cat > read.py <<'PY'
import duckdb
import polars
import pyarrow.parquet

duckdb.sql("COPY (SELECT 7::INTEGER AS id, {'a': 1}::VARIANT AS other) TO 'duckdb-variant.parquet'")
for name in ("string", "variant", "geometry", "geography", "duckdb-variant"):
    file = f"{name}.parquet"
    with_pyarrow = pyarrow.parquet.read_table(file)["id"].to_pylist()
    try:
        with_polars = polars.read_parquet(file, columns=["id"])["id"].to_list()
    except polars.exceptions.ComputeError as error:
        with_polars = error
    print(f"{name}: pyarrow {with_pyarrow}, polars {with_polars}")
PY
seen=$(venv/bin/python read.py)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
string: pyarrow [7], polars [7]
variant: pyarrow [7], polars parquet: File out of specification: LogicalType union has no variant set
geometry: pyarrow [7], polars parquet: File out of specification: LogicalType union has no variant set
geography: pyarrow [7], polars parquet: File out of specification: LogicalType union has no variant set
duckdb-variant: pyarrow [7], polars parquet: File out of specification: LogicalType union has no variant set
TEXT
