import {
  atLeast,
  atMost,
  checkNumber,
  checkText,
  constraintProblem,
  lowerFirst,
  missingProblem,
  type Problem,
  type Range,
  shown,
  type TextRules,
  validationMessage,
} from "../constraints.ts";
import type { QueryNode } from "./parameters.ts";

/** Reads one parameter, and adds what is wrong with it to `problems`. `path` is how messages name it: `tags.1.member.key`. */
export interface Field<T> {
  read(node: QueryNode | undefined, path: string, problems: Problem[]): T;
}

/** The parameters of an operation. */
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Input<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

/** A text, or undefined. */
export function text(rules: TextRules = {}): Field<string | undefined> {
  return {
    read(node, path, problems) {
      const value = node?.value;
      if (value !== undefined) checkText(value, rules, path, problems);
      return value;
    },
  };
}

/** A whole number, or undefined. */
export function integer(range: Range): Field<number | undefined> {
  return {
    read(node, path, problems) {
      const value = node?.value;
      if (value === undefined || value === "") return undefined;
      const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (Number.isNaN(number)) problems.push(constraintProblem(shown(value), path, "Member must be an integer"));
      else checkNumber(number, range, path, problems);
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
        problems.push(constraintProblem(shown(value), path, "Member must be a boolean"));
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
      const given = nodes.length === 0 && node === undefined ? " null" : "";
      if (nodes.length < min) problems.push(constraintProblem(given, path, atLeast("length", min)));
      if (nodes.length > max) {
        problems.push(constraintProblem("", path, atMost("length", max)));
        return [];
      }
      const values = nodes.map((one, index) => item.read(one, `${path}.${index + 1}.member`, problems));
      return values.filter((value) => value !== undefined && value !== null) as NonNullable<T>[];
    },
  };
}

/**
 * A map, which stands as `Name.entry.N.key` and `Name.entry.N.value`, or under the names that the model gives them; undefined if there is
 * none. Of keys that repeat the last counts.
 */
export function map<T>(
  item: Field<T>,
  { max, key = "key", value = "value" }: { max: number; key?: string; value?: string },
): Field<Map<string, NonNullable<T>> | undefined> {
  return {
    read(node, path, problems) {
      if (node === undefined) return undefined;
      const nodes = (node.child("entry") ?? node).items();
      if (nodes.length > max) {
        problems.push(constraintProblem("", path, atMost("length", max)));
        return undefined;
      }
      const entries = nodes.map((one, index) => {
        const name = one.child(key)?.value ?? "";
        return [name, item.read(one.child(value), `${path}.${index + 1}.${value}`, problems)] as const;
      });
      return new Map(entries.filter((entry): entry is [string, NonNullable<T>] => entry[1] != null));
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
      if (value === undefined) problems.push(missingProblem(path));
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
  return { ok: false, message: validationMessage(problems) };
}

function readMembers<F extends Fields>(node: QueryNode, fields: F, above: string, problems: Problem[]): Input<F> {
  const entries = Object.entries(fields).map(([name, field]) => [
    name,
    field.read(node.child(name), above + lowerFirst(name), problems),
  ]);
  return Object.fromEntries(entries) as Input<F>;
}
