// Up to which size each way of storing a body is the cheapest: `npm run bench:break-even -- [--json FILE]`. Nothing is
// measured: the sizes follow from the price list and from what each way costs (docs/configuration.md has the formula).

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

/** US dollars, beyond what a paid plan includes; Cloudflare's price pages of R2 and D1, November 2026. */
export const PRICES = {
  /** Class A: a put. */
  r2Put: 4.5 / 1e6,
  /** Class B: a get. */
  r2Get: 0.36 / 1e6,
  r2ByteMonth: 0.015 / 1e9,
  d1RowWritten: 1 / 1e6,
  d1ByteMonth: 0.75 / 1e9,
} as const;

interface Way {
  /** D1 rows of one PutObject: the cost budget that test/store/cost.test.ts asserts. */
  rowsWritten: number;
  puts: number;
  /** Of one GetObject of all of it. */
  gets: number;
  /** Price of keeping one byte of the body for a month. */
  byteMonth: number;
}

const INLINE: Way = { rowsWritten: 4, puts: 0, gets: 0, byteMonth: (4 / 3) * PRICES.d1ByteMonth };
const COPIES: Way = { rowsWritten: 6, puts: 3, gets: 1, byteMonth: 3 * PRICES.r2ByteMonth };
const CODED: Way = { rowsWritten: 6, puts: 6, gets: 4, byteMonth: (6 / 4) * PRICES.r2ByteMonth };

/** How long an object is kept, and how often it is read in that time. */
export interface Life {
  months: number;
  reads: number;
}

export interface BreakEven extends Life {
  /** Bodies up to this size are cheapest inline … */
  inlineMaxBytes: number;
  /** … larger ones up to this size as three copies, and still larger ones as 4+2. */
  smallMaxBytes: number;
}

/** The size in bytes at which `fewer` (fewer calls, dearer bytes) costs as much as `more`. */
function breakEvenBytes(fewer: Way, more: Way, { months, reads }: Life): number {
  const calls = ({ rowsWritten, puts, gets }: Way) =>
    rowsWritten * PRICES.d1RowWritten + puts * PRICES.r2Put + reads * gets * PRICES.r2Get;
  return (calls(more) - calls(fewer)) / (months * (fewer.byteMonth - more.byteMonth));
}

export function breakEven(life: Life): BreakEven {
  return {
    ...life,
    inlineMaxBytes: Math.round(breakEvenBytes(INLINE, COPIES, life)),
    smallMaxBytes: Math.round(breakEvenBytes(COPIES, CODED, life)),
  };
}

const LIVES = [1 / 30, 1, 12, 60].flatMap((months) => [0, 10, 100].map((reads) => ({ months, reads })));

/** All rows of the table in docs/configuration.md. */
export function breakEvens(): BreakEven[] {
  return LIVES.map(breakEven);
}

/** The table as Markdown. */
export function breakEvenTable(): string {
  const rows = breakEvens().map(({ months, reads, inlineMaxBytes, smallMaxBytes }) => [
    duration(months),
    `${reads}`,
    size(inlineMaxBytes),
    size(smallMaxBytes),
  ]);
  const head = ["kept for", "whole reads", "inline is cheapest up to", "1+2 up to, 4+2 above"];
  const lines = [head, ["---", "---:", "---:", "---:"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function duration(months: number): string {
  if (months < 1) return `${Math.round(months * 30)} day`;
  return months < 12 ? `${months} month` : `${months / 12} year${months > 12 ? "s" : ""}`;
}

/** Two digits: the prices are no more exact as a guide. */
function size(bytes: number): string {
  const kib = bytes / 1024;
  return kib < 1024 ? `${Number(kib.toPrecision(2))} KiB` : `${Number((kib / 1024).toPrecision(2))} MiB`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: "string" } } });
  console.log(breakEvenTable());
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(breakEvens(), null, 2)}\n`);
}
