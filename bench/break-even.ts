// Up to which size each way of storing a body is the cheapest: `npm run bench:break-even -- [--json
// FILE]`. Nothing is measured: the sizes follow from the price list and from the operations of each
// way (docs/configuration.md has the formula).

import { parseArgs } from "node:util";
import { PRICES } from "../src/base/prices.ts";
import { DEFAULT_SETTINGS } from "../src/store/settings.ts";
import { writeRows } from "./support/write-rows.ts";

/**
 * Cost of an object of `bytes`: `calls` once, `gets` for each complete read, and a price for each
 * byte.
 */
interface Way {
  calls: number;
  gets: number;
  /** Dollars a byte, over `months`. */
  perByte(months: number): number;
}

const calls = (rowsWritten: number, puts: number) => rowsWritten * PRICES.d1RowWritten + puts * PRICES.r2Put;
const inR2 = (copies: number) => (months: number) => copies * PRICES.r2ByteMonth * months;
/** In base64. */
const inD1 = (months: number) => (4 / 3) * PRICES.d1ByteMonth * months;

/** A pack of this size takes six puts; each object in it has its row updated, and a reference written. */
const PACK_BYTES = 4 * 1024 * 1024;
const packAgeMonths = DEFAULT_SETTINGS.packAgeSeconds / (30 * 24 * 3600);

/** D1 rows that a write of each kind writes. */
export interface RowsWritten {
  inline: number;
  /** One whose bytes go to drives. */
  sharded: number;
}

/** As in the cost budget that test/store/cost.test.ts asserts. */
const BUDGET: RowsWritten = { inline: 4, sharded: 6 };

const waysOf = (rows: RowsWritten) =>
  ({
    inline: { calls: calls(rows.inline, 0), gets: 0, perByte: inD1 },
    packed: {
      calls: calls(rows.inline + 2, 0),
      gets: 1,
      perByte: (months) =>
        inD1(packAgeMonths) + (6 * PRICES.r2Put) / PACK_BYTES + inR2(6 / 4)(Math.max(0, months - packAgeMonths)),
    },
    copies: { calls: calls(rows.sharded, 3), gets: 1, perByte: inR2(3) },
    coded: { calls: calls(rows.sharded, 6), gets: 4, perByte: inR2(6 / 4) },
  }) satisfies Record<string, Way>;

/** How long an object is kept, and how often it is read in that time. */
export interface Life {
  months: number;
  reads: number;
}

/** Sizes in bytes; null is any size. */
export interface BreakEven extends Life {
  /** Bodies up to this size are cheaper inline, permanently, than as three copies. */
  inlineMaxBytes: number | null;
  /** The same for bodies that are inline at first and then packed. */
  packedMaxBytes: number | null;
  /** Bodies up to this size are cheaper as three copies than as 4+2. */
  smallMaxBytes: number | null;
}

/** The size up to which `small` is cheaper than `large`: null if it is so at any size. */
function breakEvenBytes(small: Way, large: Way, { months, reads }: Life): number | null {
  const saved = large.calls - small.calls + reads * (large.gets - small.gets) * PRICES.r2Get;
  const dearer = small.perByte(months) - large.perByte(months);
  return dearer <= 0 ? null : Math.round(saved / dearer);
}

/** `rows`: rows of writes; the default is the budget. */
export function breakEven(life: Life, rows = BUDGET): BreakEven {
  const ways = waysOf(rows);
  return {
    ...life,
    inlineMaxBytes: breakEvenBytes(ways.inline, ways.copies, life),
    packedMaxBytes: breakEvenBytes(ways.packed, ways.copies, life),
    smallMaxBytes: breakEvenBytes(ways.copies, ways.coded, life),
  };
}

const LIVES = [1 / 30, 1, 12, 60].flatMap((months) => [0, 10, 100].map((reads) => ({ months, reads })));

/** All rows of the table in docs/configuration.md. */
export function breakEvens(rows = BUDGET): BreakEven[] {
  return LIVES.map((life) => breakEven(life, rows));
}

/** The table as Markdown. */
export function breakEvenTable(written = BUDGET): string {
  const head = ["kept for", "whole reads", "inline permanently", "inline, then packed", "1+2 rather than 4+2"];
  const rows = breakEvens(written).map(({ months, reads, ...sizes }) => [
    duration(months),
    `${reads}`,
    ...[sizes.inlineMaxBytes, sizes.packedMaxBytes, sizes.smallMaxBytes].map(size),
  ]);
  const lines = [head, ["---", "---:", "---:", "---:", "---:"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function duration(months: number): string {
  if (months < 1) return `${Math.round(months * 30)} day`;
  return months < 12 ? `${months} month` : `${months / 12} year${months > 12 ? "s" : ""}`;
}

/** Two digits: the prices are no more exact than that. */
function size(bytes: number | null): string {
  if (bytes === null) return "any size";
  const kib = bytes / 1024;
  return kib < 1024 ? `${Number(kib.toPrecision(2))} KiB` : `${Number((kib / 1024).toPrecision(2))} MiB`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: "string" } } });
  console.log(breakEvenTable());
  if (values.json !== undefined) await writeRows(values.json, breakEvens());
}
