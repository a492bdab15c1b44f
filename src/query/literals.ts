import { QueryRefused } from "./failure.ts";
import type { ParameterValue } from "./parameters.ts";
import { parseQuery } from "./parse.ts";

/** Values of Athena's execution parameters, which are literals of SQL: `'text'`, `7`, `TRUE`, `DATE '2026-01-01'`. Throws `QueryRefused`. */
export function literalsOf(texts: readonly string[]): ParameterValue[] {
  return texts.map((text) => {
    const { select } = parseQuery(`SELECT ${text}`, "athena").select.body;
    const column =
      select.type === "SelectFrom" && select.columns.length === 1 && !select.from ? select.columns[0] : null;
    const value = column?.type === "ExprResultColumn" && !column.alias ? literalValue(column.expr) : undefined;
    if (value === undefined)
      throw new QueryRefused("InvalidQuery", `the parameter ${text} is no literal`, "texts are in single quotes");
    return value;
  });
}

type Parsed = Extract<ReturnType<typeof parseQuery>["select"]["body"]["select"], { type: "SelectFrom" }>;
type Expression = Extract<Parsed["columns"][number], { type: "ExprResultColumn" }>["expr"];

function literalValue(expr: Expression): ParameterValue | undefined {
  switch (expr.type) {
    case "StringLiteral":
      return expr.value;
    case "NumericLiteral":
      return Number.isFinite(Number(expr.value)) ? Number(expr.value) : undefined;
    case "NullLiteral":
      return null;
    case "Id":
      return /^(true|false)$/i.test(expr.name) ? expr.name.toLowerCase() === "true" : undefined;
    case "UnaryExpr": {
      const value = literalValue(expr.expr);
      return expr.op === "Negative" && typeof value === "number" ? -value : undefined;
    }
    default:
      return undefined;
  }
}
