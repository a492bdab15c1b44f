// A thousand million objects over several D1 databases, simulated with the code that places and
// finds buckets: `npm run bench:scaling -- [--json FILE] [--markdown] [--objects N] [--buckets N]
// [--seed N]`.

import { parseArgs } from "node:util";
import { DATABASE_BYTES_MAX } from "../src/store/buckets/choose-database.ts";
import { type DirectoryRow, type ListRow, type LookupRow, measureDirectory } from "./scaling/directory.ts";
import { type KeyRangeRow, measureKeyRanges } from "./scaling/key-ranges.ts";
import { measureRowBytes, type RowBytes } from "./scaling/row-bytes.ts";
import { type Scenario, type SpreadRow, simulateSpread } from "./scaling/spread.ts";
import { formatMarkdown, formatTable, type TableFormat } from "./support/table.ts";
import { writeRows } from "./support/write-rows.ts";

/** Share of D1's 10 GB that is filled if all databases exist from the start. */
const FILL = 0.45;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    objects: { type: "string", default: "1000000000" },
    buckets: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
  },
});
const format = values.markdown ? formatMarkdown : formatTable;
const objects = count("objects", 1e12);
const buckets = count("buckets", 1e6);
const seed = count("seed", 2 ** 32 - 1);

const rowBytes = await measureRowBytes();
console.log(`${rowBytesTable(rowBytes, format)}\n`);
const bytesPerObject = Math.max(...rowBytes.map((row) => row.bytesPerObject));
const spread: SpreadRow[] = [];
for (const scenario of scenarios()) spread.push(await simulateSpread(scenario));
console.log(`${spreadTable(spread, format)}\n`);
const directory = await measureDirectory(seed);
console.log(`${directoryTables(directory, format)}
`);
const ranges = await measureKeyRanges(seed);
console.log(keyRangeTable(ranges, format));
const all: (RowBytes | SpreadRow | DirectoryRow | LookupRow | ListRow | KeyRangeRow)[] = [
  ...rowBytes,
  ...spread,
  ...directory,
  ...ranges,
];
if (values.json !== undefined) await writeRows(values.json, all);

function count(name: "objects" | "buckets" | "seed", most: number): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 1 && number <= most) return number;
  throw new Error(`--${name} must be a whole number from 1 to ${most}`);
}

function scenarios(): Scenario[] {
  const all = Math.ceil((objects * bytesPerObject) / (DATABASE_BYTES_MAX * FILL));
  const perDatabase = DATABASE_BYTES_MAX / bytesPerObject;
  const common = { buckets, objects, bytesPerObject, seed, bucketObjectsMax: perDatabase / 10 };
  return [
    { ...common, policy: "sherd", growth: "steady", databasesFromStart: all },
    { ...common, policy: "emptiest", growth: "steady", databasesFromStart: all },
    { ...common, policy: "hash", growth: "steady", databasesFromStart: all },
    { ...common, policy: "sherd", growth: "early", databasesFromStart: all },
    { ...common, policy: "sherd", growth: "early", databasesFromStart: null },
    { ...common, policy: "sherd", growth: "steady", databasesFromStart: null },
    {
      ...common,
      policy: "sherd",
      growth: "steady",
      databasesFromStart: all,
      bucketObjectsMax: Number.POSITIVE_INFINITY,
    },
  ];
}

function rowBytesTable(rows: readonly RowBytes[], table: TableFormat): string {
  const cells = rows.map(({ kind, keyCharacters, bytesPerObject }) => [
    kind,
    `${keyCharacters}`,
    `${bytesPerObject}`,
    millions(DATABASE_BYTES_MAX / bytesPerObject),
  ]);
  return table(["an object", "characters of key", "bytes in D1", "million in 10 GB"], cells);
}

function spreadTable(rows: readonly SpreadRow[], table: TableFormat): string {
  const head = [
    "placed by",
    "growth",
    "from start",
    "largest bucket, M",
    "databases",
    "fill %",
    "min",
    "max",
    "over 10 GB",
    "refused %",
    "writes/s",
  ];
  const cells = rows.map((row) => [
    row.policy,
    row.growth,
    `${row.databasesFromStart}`,
    millions(row.largestBucketObjects),
    `${row.databases}`,
    `${row.fillMeanPercent}`,
    `${row.fillMinPercent}`,
    `${row.fillMaxPercent}`,
    `${row.databasesOverfull}`,
    `${row.objectsRefusedPercent}`,
    `${row.writesPerSecond}`,
  ]);
  return table(head, cells);
}

function directoryTables(rows: readonly (DirectoryRow | LookupRow | ListRow)[], table: TableFormat): string {
  const lookups = rows.filter((row) => row.figure === "lookup");
  const lists = rows.filter((row) => row.figure === "list-buckets");
  const sizes = rows.filter((row) => row.figure === "directory");
  return [
    ...sizes.map(({ names, bytesPerName }) => `The directory: ${bytesPerName} bytes a name (${names} names).`),
    table(
      ["requests an isolate answers", "buckets", "directory lookups of 1,000 requests"],
      lookups.map((row) => [`${row.requestsPerIsolate}`, `${row.buckets}`, `${row.lookupsPerThousand}`]),
    ),
    table(
      ["ListBuckets: databases", "buckets", "page", "round trips a page, side by side", "rows a page"],
      lists.map((row) => [row.databases, row.buckets, row.page, row.roundTripsPerPage, row.rowsPerPage].map(String)),
    ),
  ].join("\n\n");
}

function keyRangeTable(rows: readonly KeyRangeRow[], table: TableFormat): string {
  const head = [
    "one bucket's keys",
    "come",
    "ranges",
    "fill %",
    "rows copied a key",
    "round trips a page",
    "with delimiter",
  ];
  const cells = rows.map((row) => [
    row.shape,
    row.order,
    row.ranges,
    row.fillPercent,
    row.copiedPerKey,
    row.roundTripsPerPage,
    row.roundTripsPerDelimiterPage,
  ]);
  return table(
    head,
    cells.map((row) => row.map(String)),
  );
}

function millions(count: number): string {
  return (count / 1e6).toFixed(1);
}
