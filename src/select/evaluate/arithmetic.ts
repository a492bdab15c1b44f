import { SelectFailure } from "../failure.ts";
import type { Arithmetic } from "../sql/ast.ts";
import { fromBig, isNumber, numberOf, TEXT_MAX_LENGTH, textOf, type Value } from "../value.ts";

/** `isFloat`: an operand is known to be no integer, so that a division is exact. `coerces`: texts are taken as the numbers that they are. */
export interface ArithmeticTypes {
  readonly isFloat: boolean;
  readonly coerces: boolean;
}

/** NULL if an operand is NULL or MISSING. Throws IncorrectSqlFunctionArgumentType, IntegerOverflow, ColumnTooLong. */
export function calculate(op: Arithmetic, left: Value, right: Value, types: ArithmeticTypes): Value {
  if (left === null || left === undefined || right === null || right === undefined) return null;
  if (op === "||") return joined(left, right);
  const one = operand(left, types);
  const other = operand(right, types);
  if (typeof one === "number" && typeof other === "number") {
    const isWhole = !types.isFloat && Number.isInteger(one) && Number.isInteger(other);
    if (!isWhole) return calculateFloats(op, one, other);
    const result = op === "/" ? calculateFloats("/", one - (one % other), other) : calculateFloats(op, one, other);
    // Adding 0 makes 0 of -0.
    if (Number.isSafeInteger(result)) return result + 0;
    if (!Number.isSafeInteger(one) || !Number.isSafeInteger(other)) return result;
  } else if (types.isFloat || !isWholeNumber(one) || !isWholeNumber(other)) {
    return calculateFloats(op, Number(one), Number(other));
  }
  return fromBig(calculateIntegers(op, BigInt(one), BigInt(other)));
}

function isWholeNumber(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

/** A value as the number that it is. Throws IncorrectSqlFunctionArgumentType. */
function operand(value: Value, { coerces }: Pick<ArithmeticTypes, "coerces">): number | bigint {
  const number = coerces && typeof value === "string" ? numberOf(value) : value;
  if (isNumber(number)) return number;
  throw new SelectFailure("IncorrectSqlFunctionArgumentType");
}

function calculateFloats(op: Arithmetic, left: number, right: number): number {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    default:
      if (right === 0) throw new SelectFailure("EvaluatorInvalidArguments", "Division by zero.");
      return op === "/" ? left / right : left % right;
  }
}

function calculateIntegers(op: Arithmetic, left: bigint, right: bigint): bigint {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    default:
      if (right === 0n) throw new SelectFailure("EvaluatorInvalidArguments", "Division by zero.");
      return op === "/" ? left / right : left % right;
  }
}

function joined(left: Value, right: Value): string {
  const one = textOf(left);
  const other = textOf(right);
  if (typeof one !== "string" || typeof other !== "string") throw new SelectFailure("IncorrectSqlFunctionArgumentType");
  if (one.length + other.length > TEXT_MAX_LENGTH) throw new SelectFailure("ColumnTooLong");
  return one + other;
}
