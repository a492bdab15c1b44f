import type { TableFormat } from "../support/table.ts";
import type { EvaluatorRow } from "./evaluate.ts";

/** One line a row, with the target that it is held against. */
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
