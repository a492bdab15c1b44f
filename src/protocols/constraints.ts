/** Characters of a value that a message shows. */
const SHOWN_MAX = 256;

/** What is wrong with one parameter: `message` is AWS's, without the count in front. */
export interface Problem {
  readonly message: string;
  /** It is a message of its own, whatever else is wrong. */
  readonly whole: boolean;
  /** The path of a required member that is not there. */
  readonly missing?: string;
}

export interface TextRules {
  readonly min?: number;
  readonly max?: number;
  /** Must match from start to end. */
  readonly pattern?: RegExp;
  /** What to say instead if the pattern does not match. */
  readonly otherwise?: string;
  readonly oneOf?: readonly string[];
  /** The value must not be part of a message. */
  readonly secret?: boolean;
}

/** Adds to `problems` if the value breaks one of the rules: the first of them. */
export function checkText(value: string, rules: TextRules, path: string, problems: Problem[]): void {
  const fail = (constraint: string) =>
    problems.push(constraintProblem(rules.secret ? "" : shown(value), path, constraint));
  if (rules.min !== undefined && value.length < rules.min)
    fail(`Member must have length greater than or equal to ${rules.min}`);
  else if (rules.max !== undefined && value.length > rules.max)
    fail(`Member must have length less than or equal to ${rules.max}`);
  else if (rules.pattern !== undefined && !rules.pattern.test(value)) {
    if (rules.otherwise !== undefined) problems.push({ message: rules.otherwise, whole: true });
    else fail(`Member must satisfy regular expression pattern: ${rules.pattern.source.replace(/^\^|\$$/g, "")}`);
  } else if (rules.oneOf !== undefined && !rules.oneOf.includes(value))
    fail(`Member must satisfy enum value set: [${rules.oneOf.join(", ")}]`);
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function checkNumber(value: number, { min, max }: Range, path: string, problems: Problem[]): void {
  if (value < min) problems.push(constraintProblem(shown(`${value}`), path, atLeast("value", min)));
  else if (value > max) problems.push(constraintProblem(shown(`${value}`), path, atMost("value", max)));
}

/** Of a list or map with `count` items. */
export function checkCount(
  count: number,
  { min = 0, max }: Partial<Range> & Pick<Range, "max">,
  path: string,
  problems: Problem[],
): void {
  if (count < min) problems.push(constraintProblem("", path, atLeast("length", min)));
  if (count > max) problems.push(constraintProblem("", path, atMost("length", max)));
}

export function atLeast(what: "length" | "value", min: number): string {
  return `Member must have ${what} greater than or equal to ${min}`;
}

export function atMost(what: "length" | "value", max: number): string {
  return `Member must have ${what} less than or equal to ${max}`;
}

/** The member is required and not there. */
export function missingProblem(path: string): Problem {
  return { ...constraintProblem(" null", path, "Member must not be null"), missing: path };
}

/** `value`: as `shown` prints it, or empty. */
export function constraintProblem(value: string, path: string, constraint: string): Problem {
  return { message: `Value${value} at '${path}' failed to satisfy constraint: ${constraint}`, whole: false };
}

export function shown(value: string): string {
  return ` '${value.slice(0, SHOWN_MAX)}'`;
}

/** The message of AWS's ValidationError or ValidationException about all of `problems`, of which there is at least one. */
export function validationMessage(problems: readonly Problem[]): string {
  const whole = problems.find((problem) => problem.whole);
  if (whole !== undefined) return whole.message;
  const count = problems.length === 1 ? "1 validation error" : `${problems.length} validation errors`;
  const messages = problems.slice(0, 10).map(({ message }) => message);
  return `${count} detected: ${messages.join("; ")}`;
}

/** `UserName` becomes `userName`. */
export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
