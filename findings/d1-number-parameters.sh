#!/usr/bin/env bash
# D1 in miniflare 5.20261117.0-beta (workerd 1.20261117.1): every number that is bound to a statement is a REAL for SQLite, whole ones too. A
# column with the affinity INTEGER or NUMERIC makes an integer of it again; elsewhere the fraction shows, and it is stored.
#
# Seen with bind(7): 'part-' || ? is 'part-7.0', ? / 2 is 3.5, json_object('n', ?) is {"n":7.0}, and a TEXT column holds '7.0'. SQLite
# itself, as Python binds an integer, says 'part-7', 3, {"n":7} and '7'.
# What helps: bind String(7) where a text is meant, CAST(? AS INTEGER), or a list in one JSON parameter, whose integers stay integers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
# Miniflare 5 needs Node 22.
npm install --silent --no-fund --no-audit miniflare@5.20261117.0-beta node@26.10.0 >/dev/null
cat > statements.json <<'JSON'
["typeof(?)", "'part-' || ?", "? / 2", "json_object('n', ?)", "(SELECT 'part-' || value FROM json_each('[' || CAST(? AS INTEGER) || ']'))"]
JSON
cat > run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const statements = JSON.parse(readFileSync("statements.json", "utf8"));
const contents = `export default {
  async fetch(_, { DB }) {
    const answers = [];
    for (const sql of ${JSON.stringify(statements)}) answers.push(await DB.prepare("SELECT " + sql + " AS a").bind(7).first("a"));
    await DB.prepare("CREATE TABLE parts (text TEXT, whole INTEGER)").run();
    await DB.prepare("INSERT INTO parts VALUES (?1, ?1)").bind(7).run();
    answers.push(...(await DB.prepare("SELECT text, typeof(whole) AS kind FROM parts").raw())[0]);
    return new Response(answers.join(" "));
  },
};`;
const manifest = { mainModule: "index.mjs", modulesRoot: "/", modules: { "index.mjs": { type: "esm", contents } } };
const config = { name: "d1", compatibilityDate: "2026-11-09", manifest, env: { DB: { type: "d1", id: "db" } } };
const miniflare = new Miniflare({ cf: false, workers: [{ config }] });
console.log("D1:", await (await fetch(await miniflare.ready)).text());
await miniflare.dispose();
JS
cat > run.py <<'PY'
import json
import sqlite3

database = sqlite3.connect(":memory:")
answers = [database.execute(f"SELECT {sql}", (7,)).fetchone()[0] for sql in json.load(open("statements.json"))]
database.execute("CREATE TABLE parts (text TEXT, whole INTEGER)")
database.execute("INSERT INTO parts VALUES (?1, ?1)", (7,))
answers += database.execute("SELECT text, typeof(whole) FROM parts").fetchone()
print("SQLite:", *answers)
PY
seen=$(./node_modules/.bin/node run.mjs && python3 run.py)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
D1: real part-7.0 3.5 {"n":7.0} part-7 7.0 integer
SQLite: integer part-7 3 {"n":7} part-7 7 integer
TEXT
