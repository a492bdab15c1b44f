// What AWS has added to S3 since somebody last looked: `npm run s3-model -- [--accept] [--version X.Y.Z]`. Ends with 1 if there is
// anything. With --accept it is noted as looked at, in reviewed.json beside this file.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readDocument, section, tableRows } from "../docs/document.ts";
import { fetchModel } from "./fetch-model.ts";
import { operationsNotIn, type Reviewed, reviewedFrom, whatIsNew } from "./model.ts";

const REVIEWED = join(import.meta.dirname, "reviewed.json");
const { values } = parseArgs({ options: { accept: { type: "boolean", default: false }, version: { type: "string" } } });

const { version, model } = await fetchModel(values.version);
const known = JSON.parse(await readFile(REVIEWED, "utf8")) as Reviewed;
const found = reviewedFrom(version, model);
const table = new Set(tableRows(section(readDocument("docs/api.md"), "## Operations")).map(([name = ""]) => name));

const missing = operationsNotIn(table, model).map((name) => `docs/api.md has no row for ${name}`);
const added = whatIsNew(known, found);
if (values.accept) await writeFile(REVIEWED, `${JSON.stringify(found, null, 2)}\n`);
const lines = [...missing, ...(values.accept ? [] : added)];
process.stdout.write(
  `botocore ${version}, looked at up to ${known.version}\n${lines.map((line) => `${line}\n`).join("")}`,
);
process.exitCode = lines.length > 0 ? 1 : 0;
