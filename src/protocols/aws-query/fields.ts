import type { QueryNode } from "./parameters.ts";

/** Characters of a value that a message shows. */
const SHOWN_MAX = 256;

/** What is wrong with one parameter: `message` is AWS's, without the count in front. `whole`: it is a message of its own. */
export interface Problem {
  readonly message: string;
  readonly whole: boolean;
}

/** Reads one parameter, and adds what is wrong with it to `problems`. `path` is how messages name it: `tags.1.member.key`. */
export interface Field<T> {
  read(node: QueryNode | undefined, path: string, problems: Problem[]): T;
}

/** The parameters of an operation. */
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Input<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

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

/** A text, or undefined. */
export function text(rules: TextRules = {}): Field<string | undefined> {
  return {
    read(node, path, problems) {
      const value = node?.value;
      if (value === undefined) return undefined;
      const shown = rules.secret ? "" : ` '${value.slice(0, SHOWN_MAX)}'`;
      const fail = (constraint: string) => problems.push(constraintProblem(shown, path, constraint));
      const length = value.length;
      if (rules.min !== undefined && length < rules.min)
        fail(`Member must have length greater than or equal to ${rules.min}`);
      else if (rules.max !== undefined && length > rules.max)
        fail(`Member must have length less than or equal to ${rules.max}`);
      else if (rules.pattern !== undefined && !rules.pattern.test(value)) {
        if (rules.otherwise !== undefined) problems.push({ message: rules.otherwise, whole: true });
        else fail(`Member must satisfy regular expression pattern: ${rules.pattern.source.replace(/^\^|\$$/g, "")}`);
      } else if (rules.oneOf !== undefined && !rules.oneOf.includes(value))
        fail(`Member must satisfy enum value set: [${rules.oneOf.join(", ")}]`);
      return value;
    },
  };
}

/** A whole number, or undefined. */
export function integer({ min, max }: { min: number; max: number }): Field<number | undefined> {
  return {
    read(node, path, problems) {
      const value = node?.value;
      if (value === undefined || value === "") return undefined;
      const shown = ` '${value.slice(0, SHOWN_MAX)}'`;
      const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (Number.isNaN(number)) problems.push(constraintProblem(shown, path, "Member must be an integer"));
      else if (number < min)
        problems.push(constraintProblem(shown, path, `Member must have value greater than or equal to ${min}`));
      else if (number > max)
        problems.push(constraintProblem(shown, path, `Member must have value less than or equal to ${max}`));
      return number;
    },
  };
}

/** `true` or `false`, or undefined. */
export function flag(): Field<boolean | undefined> {
  return {
    read(node, path, problems) {
      const value = node?.value;
      if (value === undefined || value === "") return undefined;
      if (!/^(true|false)$/i.test(value))
        problems.push(constraintProblem(` '${value.slice(0, SHOWN_MAX)}'`, path, "Member must be a boolean"));
      return value.toLowerCase() === "true";
    },
  };
}

/** A parameter for something that is not built: it is refused by name, so nobody takes it for read. */
export function notBuilt(): Field<undefined> {
  return {
    read(node, path, problems) {
      if (node !== undefined)
        problems.push({ message: `The parameter ${path} is not implemented by this server.`, whole: true });
      return undefined;
    },
  };
}

/** A list; empty if there is none. */
export function list<T>(item: Field<T>, { min = 0, max }: { min?: number; max: number }): Field<NonNullable<T>[]> {
  return {
    read(node, path, problems) {
      const nodes = node?.items() ?? [];
      const shown = nodes.length === 0 && node === undefined ? " null" : "";
      if (nodes.length < min)
        problems.push(constraintProblem(shown, path, `Member must have length greater than or equal to ${min}`));
      if (nodes.length > max) {
        problems.push(constraintProblem("", path, `Member must have length less than or equal to ${max}`));
        return [];
      }
      const values = nodes.map((one, index) => item.read(one, `${path}.${index + 1}.member`, problems));
      return values.filter((value) => value !== undefined && value !== null) as NonNullable<T>[];
    },
  };
}

/** A structure with members. Its own members may be required; it is read if anything of it is there. */
export function structure<F extends Fields>(fields: F): Field<Input<F> | undefined> {
  return {
    read: (node, path, problems) => (node === undefined ? undefined : readMembers(node, fields, `${path}.`, problems)),
  };
}

/** The field, which must be there. */
export function required<T>(field: Field<T>): Field<Exclude<T, undefined>> {
  return {
    read(node, path, problems) {
      const value = field.read(node, path, problems);
      if (value === undefined) problems.push(constraintProblem(" null", path, "Member must not be null"));
      return value as Exclude<T, undefined>;
    },
  };
}

export type Read<F extends Fields> = { ok: true; input: Input<F> } | { ok: false; message: string };

/** Reads all parameters of an operation. The message is the one of AWS's ValidationError. */
export function readFields<F extends Fields>(root: QueryNode, fields: F): Read<F> {
  const problems: Problem[] = [];
  const input = readMembers(root, fields, "", problems);
  if (problems.length === 0) return { ok: true, input };
  const whole = problems.find((problem) => problem.whole);
  if (whole !== undefined) return { ok: false, message: whole.message };
  const count = problems.length === 1 ? "1 validation error" : `${problems.length} validation errors`;
  const shown = problems.slice(0, 10).map(({ message }) => message);
  return { ok: false, message: `${count} detected: ${shown.join("; ")}` };
}

function readMembers<F extends Fields>(node: QueryNode, fields: F, above: string, problems: Problem[]): Input<F> {
  const entries = Object.entries(fields).map(([name, field]) => [
    name,
    field.read(node.child(name), above + lowerFirst(name), problems),
  ]);
  return Object.fromEntries(entries) as Input<F>;
}

function constraintProblem(shown: string, path: string, constraint: string): Problem {
  return { message: `Value${shown} at '${path}' failed to satisfy constraint: ${constraint}`, whole: false };
}

/** `UserName` becomes `userName`. */
function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
