import { type Comparison, type Expression, type Literal, MIRRORED, type Path } from "../sql/ast.ts";
import { compareValues, type Value } from "../value.ts";

/** A column's smallest and largest value in a row group. */
export interface Bounds {
  readonly min: Value;
  readonly max: Value;
}

interface Constraint {
  readonly path: Path;
  readonly op: Comparison;
  readonly constant: Literal;
}

/** A function that says of a row group, by its bounds, that WHERE lets none of its rows pass. `boundsOf` returns null where nothing is known. */
export function groupFilter(where: Expression | null): (boundsOf: (path: Path) => Bounds | null) => boolean {
  const constraints = where === null ? [] : constraintsOf(where);
  return (boundsOf) =>
    constraints.some(({ path, op, constant }) => {
      const bounds = boundsOf(path);
      return bounds !== null && excludes(bounds, op, constant);
    });
}

/** What must hold of every row: comparisons of a column with a constant that AND joins. */
function constraintsOf(where: Expression): Constraint[] {
  switch (where.kind) {
    case "and":
      return where.operands.flatMap(constraintsOf);
    case "compare": {
      const { op, left, right } = where;
      if (left.kind === "path" && right.kind === "literal") return [{ path: left, op, constant: right.value }];
      if (left.kind === "literal" && right.kind === "path")
        return [{ path: right, op: MIRRORED[op], constant: left.value }];
      return [];
    }
    case "between": {
      const { operand, low, high } = where;
      if (operand.kind !== "path") return [];
      const lower: Constraint[] = low.kind === "literal" ? [{ path: operand, op: ">=", constant: low.value }] : [];
      const upper: Constraint[] = high.kind === "literal" ? [{ path: operand, op: "<=", constant: high.value }] : [];
      return [...lower, ...upper];
    }
    default:
      return [];
  }
}

function excludes({ min, max }: Bounds, op: Comparison, constant: Literal): boolean {
  const toMin = compareValues(constant, min, false);
  const toMax = compareValues(constant, max, false);
  if (toMin === null || toMax === null) return false;
  switch (op) {
    case "=":
      return toMin < 0 || toMax > 0;
    case "<":
      return toMin <= 0;
    case "<=":
      return toMin < 0;
    case ">":
      return toMax >= 0;
    case ">=":
      return toMax > 0;
    case "<>":
      return false;
  }
}
