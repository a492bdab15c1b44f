#!/usr/bin/env bash
# A prepared statement is compiled again each time it runs, with SQLite 3.54.1 (apsw 3.54.1.0), if
# - its LIMIT is a bound value, or
# - a bound value is compared with an indexed column that stands before those of its ORDER BY, or of its min() or max().
# Node 26.10.0 (SQLite 3.53.4, built without STAT4) does so for the first only. SQLite's documentation of sqlite3_prepare_v2 tells it of the left side of LIKE and GLOB
# and, with STAT4, of indexed columns whose statistics are there; here are none. Compiling takes longer than running such a statement: 0.2 ms are usual.
# The authorizer is called while SQLite compiles, so that its calls tell.
#
# What helps: an expression in place of the value, `LIMIT +?` and `a = +?`. Plans are the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet apsw==3.54.1.0
npm install --silent --no-fund --no-audit --prefix "$folder" node@26.10.0
cat > "$folder/statements.json" <<'JSON'
["SELECT c FROM t WHERE a = ?", "SELECT c FROM t WHERE a > ? LIMIT 5", "SELECT c FROM t WHERE a > 0 LIMIT ?", "SELECT c FROM t WHERE a > 0 LIMIT +?",
 "SELECT c FROM t WHERE a = ? ORDER BY b", "SELECT c FROM t WHERE a = +? ORDER BY b", "SELECT min(b) FROM t WHERE a = ?", "SELECT min(b) FROM t WHERE a = +?"]
JSON
cat > "$folder/apsw.test.py" <<'PY'
import json
import sys

import apsw

database = apsw.Connection(":memory:")
database.execute("CREATE TABLE t (a, b, c); CREATE INDEX i ON t (a, b); INSERT INTO t VALUES (1, 2, 3)")
calls = 0


def authorize(*_):
    global calls
    calls += 1
    return apsw.SQLITE_OK


database.authorizer = authorize
print("SQLite", apsw.sqlite_lib_version())
for sql in json.load(open(sys.argv[1])):
    seen = []
    for value in range(1, 4):
        before = calls
        list(database.execute(sql, (value,)))
        seen.append(calls > before)
    print("again" if seen[1] and seen[2] else "once ", sql)
PY
cat > "$folder/node.test.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE t (a, b, c); CREATE INDEX i ON t (a, b); INSERT INTO t VALUES (1, 2, 3)");
let calls = 0;
database.setAuthorizer(() => {
  calls++;
  return 0;
});
console.log("SQLite", database.prepare("SELECT sqlite_version() AS version").get().version);
for (const sql of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const statement = database.prepare(sql);
  const before = calls;
  for (let value = 1; value < 4; value++) statement.all(value);
  console.log(calls > before ? "again" : "once ", sql);
}
JS
seen=$("$folder/venv/bin/python" "$folder/apsw.test.py" "$folder/statements.json"; "$folder/node_modules/.bin/node" "$folder/node.test.mjs" "$folder/statements.json" 2>/dev/null)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
SQLite 3.54.1
once  SELECT c FROM t WHERE a = ?
once  SELECT c FROM t WHERE a > ? LIMIT 5
again SELECT c FROM t WHERE a > 0 LIMIT ?
once  SELECT c FROM t WHERE a > 0 LIMIT +?
again SELECT c FROM t WHERE a = ? ORDER BY b
once  SELECT c FROM t WHERE a = +? ORDER BY b
again SELECT min(b) FROM t WHERE a = ?
once  SELECT min(b) FROM t WHERE a = +?
SQLite 3.53.4
once  SELECT c FROM t WHERE a = ?
once  SELECT c FROM t WHERE a > ? LIMIT 5
again SELECT c FROM t WHERE a > 0 LIMIT ?
once  SELECT c FROM t WHERE a > 0 LIMIT +?
once  SELECT c FROM t WHERE a = ? ORDER BY b
once  SELECT c FROM t WHERE a = +? ORDER BY b
once  SELECT min(b) FROM t WHERE a = ?
once  SELECT min(b) FROM t WHERE a = +?
TEXT
