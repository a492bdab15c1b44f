import { SelectFailure } from "../failure.ts";
import type { Name, Path } from "../sql/ast.ts";

/** Whether a name of the query means this one: in double quotes by its case, otherwise whatever the case. */
export function means(name: Name, text: string): boolean {
  if (name.quoted) return name.text === text;
  return name.text.length === text.length && name.text.toLowerCase() === text.toLowerCase();
}

/** Which of the names is meant; -1: none. Throws AmbiguousFieldName. */
export function findName(names: readonly string[], name: Name): number {
  const found = names.findIndex((text) => means(name, text));
  if (found !== -1 && names.some((text, index) => index > found && means(name, text))) {
    throw new SelectFailure("AmbiguousFieldName", name.text.slice(0, 64));
  }
  return found;
}

/** The column that a path names, in inputs whose records are flat. Throws InvalidKeyPath, InvalidTableAlias. */
export function columnPath({ root, steps }: Path, alias: Name): Name {
  const [first, ...others] = steps;
  if (first === undefined) return root;
  if (!means(root, alias.text)) throw new SelectFailure("InvalidTableAlias", root.text.slice(0, 64));
  if (first.kind !== "name" || others.length > 0) throw new SelectFailure("InvalidKeyPath", root.text.slice(0, 64));
  return first.name;
}
