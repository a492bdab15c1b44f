import type { Timestamp } from "../timestamp.ts";

/** A name; one in double quotes is sensitive to case. */
export interface Name {
  readonly text: string;
  readonly quoted: boolean;
}

export type PathStep =
  | { readonly kind: "name"; readonly name: Name }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "anyElement" }
  | { readonly kind: "anyMember" };

/** `s.a.b[0]`: the first name is the table's alias, or a field. */
export interface Path {
  readonly kind: "path";
  readonly root: Name;
  readonly steps: readonly PathStep[];
}

export type Literal = null | undefined | boolean | number | bigint | string | Timestamp;
export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=";
/** What a comparison becomes when its sides change places. */
export const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

export type Arithmetic = "+" | "-" | "*" | "/" | "%" | "||";
export type CastType = "BOOL" | "INT" | "FLOAT" | "DECIMAL" | "STRING" | "TIMESTAMP";
export type AggregateName = "COUNT" | "SUM" | "AVG" | "MIN" | "MAX";

export type Expression =
  | Path
  /** `isFloat`: a number that was written with a point or an exponent. */
  | { readonly kind: "literal"; readonly value: Literal; readonly isFloat: boolean }
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] }
  | { readonly kind: "not" | "negate"; readonly operand: Expression }
  | { readonly kind: "compare"; readonly op: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "arithmetic"; readonly op: Arithmetic; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "between"; readonly operand: Expression; readonly low: Expression; readonly high: Expression }
  | { readonly kind: "in"; readonly operand: Expression; readonly items: readonly Expression[] }
  | {
      readonly kind: "like";
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escape: Expression | null;
    }
  | { readonly kind: "is"; readonly operand: Expression; readonly what: "NULL" | "MISSING" | "TRUE" | "FALSE" }
  | {
      readonly kind: "case";
      readonly subject: Expression | null;
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise: Expression | null;
    }
  | { readonly kind: "cast"; readonly operand: Expression; readonly type: CastType }
  /** `part`: a date part (DATE_ADD, DATE_DIFF, EXTRACT) or a side (TRIM). */
  | { readonly kind: "call"; readonly name: string; readonly part: string | null; readonly args: readonly Expression[] }
  /** `operand` is null for COUNT(*). */
  | { readonly kind: "aggregate"; readonly name: AggregateName; readonly operand: Expression | null };

export interface Projection {
  readonly expression: Expression;
  readonly alias: string | null;
}

/** The FROM clause: steps from the root values to the rows, and what a row is called. */
export interface Source {
  readonly steps: readonly PathStep[];
  readonly alias: Name;
}

export interface Statement {
  /** Null for `*`. */
  readonly projections: readonly Projection[] | null;
  readonly from: Source;
  readonly where: Expression | null;
  readonly limit: number | null;
}
