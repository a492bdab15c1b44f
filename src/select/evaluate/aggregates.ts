import { SelectFailure } from "../failure.ts";
import type { AggregateName, Expression } from "../sql/ast.ts";
import { Timestamp } from "../timestamp.ts";
import { compareValues, fromBig, isNumber, numberOf, TEXT_MAX_LENGTH, textLength, type Value } from "../value.ts";
import type { Work } from "../work.ts";
import { calculate } from "./arithmetic.ts";
import type { Getter } from "./functions.ts";

/** One aggregate over all records that WHERE lets pass. NULL and MISSING do not count. */
export interface Aggregate {
  /** Takes the current record in. */
  add(): void;
  result(): Value;
}

interface AggregateScope {
  /** Texts count as the numbers that they are. */
  readonly coerces: boolean;
  readonly work: Work;
  /** Characters of the texts that all aggregates of a query hold. */
  readonly held: { length: number };
}

/** `operand` is null for COUNT(*). */
export function makeAggregate(name: AggregateName, operand: Getter | null, scope: AggregateScope): Aggregate {
  if (name === "COUNT") return new Count(operand);
  const value = operand as Getter;
  if (name === "SUM" || name === "AVG") return new Sum(name, value, scope.coerces);
  return new Extreme(name === "MIN" ? -1 : 1, value, scope);
}

class Count implements Aggregate {
  readonly #operand: Getter | null;
  #count = 0;

  constructor(operand: Getter | null) {
    this.#operand = operand;
  }

  add(): void {
    const value = this.#operand === null ? true : this.#operand();
    if (value !== null && value !== undefined) this.#count += 1;
  }

  result(): Value {
    return this.#count;
  }
}

class Sum implements Aggregate {
  readonly #name: "SUM" | "AVG";
  readonly #operand: Getter;
  readonly #coerces: boolean;
  #count = 0;
  #sum: Value = 0;

  constructor(name: "SUM" | "AVG", operand: Getter, coerces: boolean) {
    this.#name = name;
    this.#operand = operand;
    this.#coerces = coerces;
  }

  add(): void {
    const value = this.#operand();
    if (value === null || value === undefined) return;
    this.#count += 1;
    this.#sum = calculate("+", this.#sum, value, { isFloat: false, coerces: this.#coerces });
  }

  /** NULL if there was no value. */
  result(): Value {
    if (this.#count === 0) return null;
    return this.#name === "SUM" ? this.#sum : Number(this.#sum) / this.#count;
  }
}

class Extreme implements Aggregate {
  readonly #sign: -1 | 1;
  readonly #operand: Getter;
  readonly #scope: AggregateScope;
  #best: Value = null;

  constructor(sign: -1 | 1, operand: Getter, scope: AggregateScope) {
    this.#sign = sign;
    this.#operand = operand;
    this.#scope = scope;
  }

  add(): void {
    let value = this.#operand();
    if (value === null || value === undefined) return;
    if (this.#scope.coerces && typeof value === "string") value = numberOf(value) ?? value;
    if (!isNumber(value) && typeof value !== "string" && !(value instanceof Timestamp)) {
      throw new SelectFailure("IncorrectSqlFunctionArgumentType");
    }
    if (this.#best === null) {
      this.#keep(value);
      return;
    }
    this.#scope.work.spend(Math.min(textLength(value), textLength(this.#best)));
    const order = compareValues(value, this.#best, false);
    if (order === null) throw new SelectFailure("IncorrectSqlFunctionArgumentType", "MIN and MAX of several types.");
    if (order * this.#sign > 0) this.#keep(value);
  }

  /** Throws OverMaxRecordSize if the aggregates would hold more text than a result may have. */
  #keep(value: Value): void {
    const { held } = this.#scope;
    held.length += textLength(value) - textLength(this.#best);
    if (held.length > TEXT_MAX_LENGTH) throw new SelectFailure("OverMaxRecordSize");
    this.#best = value;
  }

  result(): Value {
    return typeof this.#best === "bigint" ? fromBig(this.#best) : this.#best;
  }
}

/** Whether the expression holds an aggregate, at any depth. */
export function hasAggregate(expression: Expression): boolean {
  return expression.kind === "aggregate" || partsOf(expression).some(hasAggregate);
}

/** Whether it reads the record outside of its aggregates. */
export function readsRecord(expression: Expression): boolean {
  if (expression.kind === "aggregate") return false;
  return expression.kind === "path" || partsOf(expression).some(readsRecord);
}

/** All expressions directly within an expression. */
function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "path":
    case "literal":
      return [];
    case "and":
    case "or":
      return expression.operands;
    case "not":
    case "negate":
    case "is":
    case "cast":
      return [expression.operand];
    case "compare":
    case "arithmetic":
      return [expression.left, expression.right];
    case "between":
      return [expression.operand, expression.low, expression.high];
    case "in":
      return [expression.operand, ...expression.items];
    case "like":
      return [expression.operand, expression.pattern, ...(expression.escape ? [expression.escape] : [])];
    case "call":
      return expression.args;
    case "aggregate":
      return expression.operand === null ? [] : [expression.operand];
    case "case": {
      const { subject, branches, otherwise } = expression;
      const all = [subject, ...branches.flatMap(({ when, result }) => [when, result]), otherwise];
      return all.filter((part) => part !== null);
    }
  }
}
