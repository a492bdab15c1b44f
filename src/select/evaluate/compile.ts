import { SelectFailure } from "../failure.ts";
import { type LikeMatcher, likeMatcher } from "../like.ts";
import { type Comparison, type Expression, MIRRORED, type Path } from "../sql/ast.ts";
import { compareValues, numberOf, textLength, type Value } from "../value.ts";
import type { Work } from "../work.ts";
import { calculate } from "./arithmetic.ts";
import { castValue } from "./cast.ts";
import { compileCall, type Getter } from "./functions.ts";

/** What a character of a LIKE pattern costs when it is read, in units of `Work`. */
const PATTERN_UNITS = 32;

/** What an expression finds around it. */
export interface Scope {
  /** A getter of what the path names in the current record. Throws for a path that cannot be. */
  readonly resolve: (path: Path) => Getter;
  /** A getter of an aggregate. Throws if there is no place for one. */
  readonly aggregate: (expression: Expression & { kind: "aggregate" }) => Getter;
  /** Ways that need no text of a field. Absent: there are none. */
  readonly bytes?: FieldBytes;
  /** Whether the path is a floating-point number in every record. */
  readonly isFloat: (path: Path) => boolean;
  /** Fields are texts (CSV): in comparisons and arithmetic they count as the numbers that they are. */
  readonly coerces: boolean;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly work: Work;
}

/** What can be said of a field by its bytes. */
export interface FieldBytes {
  /** The field as a number; NaN if it takes more than a look: use the text. `integersOnly`: without point and exponent. */
  readonly number: (path: Path, integersOnly: boolean) => () => number;
  /** Whether the field is this text. */
  readonly equals: (path: Path, text: string) => () => boolean | null;
}

/** Compiles an expression into a function of the current record. Comparisons and logic have three values: true, false, NULL. */
export function compile(expression: Expression, scope: Scope): Getter {
  const inner = (part: Expression) => compile(part, scope);
  scope.work.addOperator();
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      return () => value;
    }
    case "path":
      return scope.resolve(expression);
    case "aggregate":
      return scope.aggregate(expression);
    case "and":
    case "or":
      return compileLogic(expression.kind === "or", expression.operands.map(inner));
    case "not": {
      const operand = inner(expression.operand);
      return () => {
        const value = truth(operand());
        return value === null ? null : !value;
      };
    }
    case "negate": {
      const operand = inner(expression.operand);
      return () =>
        calculate("-", 0, operand(), { isFloat: isFloat(expression.operand, scope), coerces: scope.coerces });
    }
    case "arithmetic": {
      const { op, left, right } = expression;
      const [one, other] = [inner(left), inner(right)];
      const types = { isFloat: isFloat(left, scope) || isFloat(right, scope), coerces: scope.coerces };
      if (op !== "||") return () => calculate(op, one(), other(), types);
      return () => {
        const [start, end] = [one(), other()];
        scope.work.spend(textLength(start) + textLength(end));
        return calculate(op, start, end, types);
      };
    }
    case "cast":
      return scope.work.resumable(compileCast(expression, scope));
    case "call": {
      const { name, part, args } = expression;
      const { nowMs, work } = scope;
      return work.resumable(compileCall({ name, part, args: args.map(inner), nowMs, work }));
    }
    case "case":
      return compileCase(expression, scope);
    case "compare":
      return compileComparison(expression, scope);
    default:
      return scope.work.resumable(compilePredicate(expression, scope));
  }
}

/** `compareValues`, counted. */
function compared(left: Value, right: Value, { coerces, work }: Scope): number | null {
  if (typeof left === "string" && typeof right === "string") work.spend(Math.min(left.length, right.length));
  return compareValues(left, right, coerces);
}

type Predicate = Expression & { kind: "between" | "in" | "like" | "is" };

function compilePredicate(expression: Predicate, scope: Scope): Getter {
  switch (expression.kind) {
    case "between": {
      const [value, low, high] = [expression.operand, expression.low, expression.high].map((part) =>
        compile(part, scope),
      ) as [Getter, Getter, Getter];
      return () => {
        const operand = value();
        const above = compared(operand, low(), scope);
        const below = compared(operand, high(), scope);
        if ((above !== null && above < 0) || (below !== null && below > 0)) return false;
        return above === null || below === null ? null : true;
      };
    }
    case "in":
      return compileIn(expression, scope);
    case "like":
      return compileLike(expression, scope);
    case "is": {
      const operand = compile(expression.operand, scope);
      switch (expression.what) {
        case "NULL":
          return () => {
            const value = operand();
            return value === null || value === undefined;
          };
        case "MISSING":
          return () => operand() === undefined;
        case "TRUE":
        case "FALSE": {
          const wanted = expression.what === "TRUE";
          return () => operand() === wanted;
        }
      }
    }
  }
}

/** A condition's value: true, false, or null for NULL and MISSING. Throws IncorrectSqlFunctionArgumentType for other types. */
export function truth(value: Value): boolean | null {
  if (typeof value === "boolean") return value;
  if (value === null || value === undefined) return null;
  throw new SelectFailure("UnsupportedSqlOperation", "A condition must be true or false.");
}

/** `decisive` decides as soon as an operand has it: false for AND, true for OR. */
function compileLogic(decisive: boolean, operands: readonly Getter[]): Getter {
  return () => {
    let result: boolean | null = !decisive;
    for (const operand of operands) {
      const value = truth(operand());
      if (value === decisive) return decisive;
      if (value === null) result = null;
    }
    return result;
  };
}

const HOLDS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

function compileComparison(expression: Expression & { kind: "compare" }, scope: Scope): Getter {
  const { op, left, right } = expression;
  if (left.kind === "literal" && right.kind !== "literal") {
    return compileComparison({ ...expression, op: MIRRORED[op], left: right, right: left }, scope);
  }
  const [one, other] = [compile(left, scope), compile(right, scope)];
  const holds = HOLDS[op];
  const general = scope.work.resumable(() => {
    const order = compared(one(), other(), scope);
    return order === null ? null : holds(order);
  });
  if (right.kind !== "literal" || scope.bytes === undefined) return general;
  const constant = right.value;
  if (typeof constant === "string" && left.kind === "path" && (op === "=" || op === "<>")) {
    const equals = scope.bytes.equals(left, constant);
    return op === "=" ? equals : () => negated(equals());
  }
  const number = typeof constant === "number" ? numberGetter(left, scope.bytes) : null;
  if (number === null) return general;
  return () => {
    const value = number();
    // NaN: the slow way finds out.
    return Number.isNaN(value) ? general() : holds(value - (constant as number));
  };
}

function negated(value: boolean | null): boolean | null {
  return value === null ? null : !value;
}

/** The number of a field, or of a field that is cast to one. */
function numberGetter(expression: Expression, bytes: FieldBytes): (() => number) | null {
  if (expression.kind === "path") return bytes.number(expression, false);
  if (expression.kind !== "cast" || expression.operand.kind !== "path") return null;
  const { type, operand } = expression;
  if (type !== "INT" && type !== "FLOAT" && type !== "DECIMAL") return null;
  return bytes.number(operand, type === "INT");
}

function compileCast(expression: Expression & { kind: "cast" }, scope: Scope): Getter {
  const operand = compile(expression.operand, scope);
  const { type } = expression;
  const number = scope.bytes === undefined ? null : numberGetter(expression, scope.bytes);
  if (number === null) return () => castValue(operand(), type);
  return () => {
    const value = number();
    return Number.isNaN(value) ? castValue(operand(), type) : value;
  };
}

/** Constants are looked up in a set: a list may have thousands. */
function compileIn({ operand, items }: Expression & { kind: "in" }, scope: Scope): Getter {
  const { coerces } = scope;
  const value = compile(operand, scope);
  const constants = new Set<Value>();
  const others: Getter[] = [];
  for (const item of items) {
    const isPlain = item.kind === "literal" && (typeof item.value === "string" || typeof item.value === "number");
    if (isPlain) constants.add(item.value);
    else others.push(compile(item, scope));
  }
  return () => {
    const found = value();
    if (found === null || found === undefined) return null;
    if (constants.size > 0) scope.work.spend(textLength(found));
    if (constants.has(found)) return true;
    if (coerces && typeof found === "string" && constants.has(numberOf(found))) return true;
    let result: boolean | null = false;
    for (const other of others) {
      const order = compared(found, other(), scope);
      if (order === 0) return true;
      if (order === null) result = null;
    }
    return result;
  };
}

function compileLike({ operand, pattern, escape: escaping }: Expression & { kind: "like" }, scope: Scope): Getter {
  const [value, wanted] = [compile(operand, scope), compile(pattern, scope)];
  const escaped = escaping === null ? null : compile(escaping, scope);
  const isConstant = pattern.kind === "literal" && (escaping === null || escaping.kind === "literal");
  let known: { pattern: string; escape: string | null; matcher: LikeMatcher } | null = null;
  return () => {
    const text = likeInput(value());
    const like = likeInput(wanted());
    const char = escaped === null ? null : likeInput(escaped());
    if (text === null || like === null || (escaped !== null && char === null)) return null;
    let matcher = known?.pattern === like && known.escape === char ? known.matcher : null;
    if (matcher === null) {
      scope.work.spend(like.length * PATTERN_UNITS);
      matcher = likeMatcher(like, char);
      // Patterns that records bring along are not kept: a thousand of them would not fit into memory.
      if (isConstant) known = { pattern: like, escape: char, matcher };
    }
    scope.work.spend(text.length * matcher.unitsPerCharacter);
    return matcher.matches(text);
  };
}

function likeInput(value: Value): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  throw new SelectFailure("LikeInvalidInputs");
}

function compileCase({ subject, branches, otherwise }: Expression & { kind: "case" }, scope: Scope): Getter {
  const compareTo = subject === null ? null : compile(subject, scope);
  const compiled = branches.map(({ when, result }) => ({ when: compile(when, scope), result: compile(result, scope) }));
  const last = otherwise === null ? () => null : compile(otherwise, scope);
  return () => {
    const value = compareTo?.();
    for (const { when, result } of compiled) {
      const chosen = compareTo === null ? truth(when()) === true : compared(value, when(), scope) === 0;
      if (chosen) return result();
    }
    return last();
  };
}

/** Whether an expression is a float whatever the record: a division by it keeps its fraction. */
function isFloat(expression: Expression, scope: Scope): boolean {
  const inner = (part: Expression) => isFloat(part, scope);
  switch (expression.kind) {
    case "path":
      return scope.isFloat(expression);
    case "literal":
      return expression.isFloat;
    case "cast":
      return expression.type === "FLOAT" || expression.type === "DECIMAL";
    case "arithmetic":
      return inner(expression.left) || inner(expression.right);
    case "negate":
      return inner(expression.operand);
    case "aggregate":
      return expression.name === "AVG" || (expression.operand !== null && inner(expression.operand));
    case "case":
      return [...expression.branches.map(({ result }) => result), expression.otherwise].some(
        (part) => part && inner(part),
      );
    case "call":
      return (
        expression.args.length > 0 && ["COALESCE", "NULLIF"].includes(expression.name) && expression.args.some(inner)
      );
    default:
      return false;
  }
}
