import type { TableFormat } from "../support/table.ts";
import type { EvaluatorRow } from "./evaluate.ts";
import type { RequestRow } from "./http.ts";

/** One line per row, with its target. */
export function evaluatorTable(rows: readonly EvaluatorRow[], format: TableFormat): string {
  const head = ["evaluator", "users", "policies each", "bucket policy, bytes", "p50 µs", "p99 µs", "target p50", ""];
  return format(
    head,
    rows.map((row) => [
      row.what,
      row.users.toLocaleString("en"),
      `${row.policiesEach}`,
      row.bucketPolicyBytes === 0 ? "none" : row.bucketPolicyBytes.toLocaleString("en"),
      row.p50us.toPrecision(3),
      row.p99us.toPrecision(3),
      row.targetP50us === null ? "" : `≤ ${row.targetP50us}`,
      row.targetP50us === null ? "" : row.p50us <= row.targetP50us ? "met" : "missed",
    ]),
  );
}

/** One line per kind of request: a user beside root. */
export function requestTable(rows: readonly RequestRow[], format: TableFormat): string {
  const head = [
    "request",
    "users",
    "policies each",
    "root p50 ms",
    "user p50 ms",
    "ratio p50",
    "root p99 ms",
    "user p99 ms",
    "ratio p99",
    "target",
    "",
  ];
  return format(
    head,
    rows.map((row) => [
      row.what,
      row.users.toLocaleString("en"),
      `${row.policiesEach}`,
      row.rootP50ms.toFixed(3),
      row.userP50ms.toFixed(3),
      row.ratioP50.toFixed(3),
      row.rootP99ms.toFixed(3),
      row.userP99ms.toFixed(3),
      row.ratioP99.toFixed(3),
      `≤ ${row.targetRatio}`,
      row.ratioP50 <= row.targetRatio && row.ratioP99 <= row.targetRatio ? "met" : "missed",
    ]),
  );
}
