import type { FromClause, SelectTable } from "sqlite3-parser";
import type { TableName } from "../metadata/query/catalog.ts";
import { QueryRefused } from "./failure.ts";

/** What a query calls by one name: an item of FROM, or a common table. */
export interface Named {
  /** The server's own name for it, unique in the statement. SQLite's plan shows it and none of the caller's. */
  readonly name: string;
  /** The table that it reads; null: a subquery, a common table, a table function. */
  readonly table: TableName | null;
}

/** Names of one FROM clause, in lower case; null: two items have it. */
type Scope = Map<string, Named | null>;

/**
 * Names for the items of FROM and for common tables. A plan is read by these names, and so they must not be the caller's: one could
 * be spelt as a line of a plan, or stand in two places.
 */
export class Names {
  readonly #scopes: Scope[] = [];
  readonly #items = new Map<SelectTable, Named>();
  #common: ReadonlyMap<string, Named> = new Map();
  #count = 0;

  /** Puts the clause's items in scope, until `leave`. `tableOf`: what an item reads. */
  enter(from: FromClause | undefined, tableOf: (item: SelectTable) => TableName | null): void {
    const scope: Scope = new Map();
    this.#scopes.push(scope);
    if (from) this.#declare(from, { scope, tableOf });
  }

  leave(): void {
    this.#scopes.pop();
  }

  /** Renders what does not see the items of its own FROM: the subqueries in it. */
  outside<T>(render: () => T): T {
    const own = this.#scopes.pop();
    try {
      return render();
    } finally {
      if (own !== undefined) this.#scopes.push(own);
    }
  }

  of(item: SelectTable): Named {
    const named = this.#items.get(item);
    if (named === undefined) throw new Error("an item of FROM was not declared");
    return named;
  }

  /** What stands before the dot of `name.column`. Throws `QueryRefused`. */
  resolve(name: string): Named {
    const found = this.find(name);
    if (found !== null) return found;
    throw new QueryRefused("InvalidQuery", `there is no table ${name} in this FROM`);
  }

  /** As `resolve`; null: no item of FROM has the name. Throws `QueryRefused` if two have it. */
  find(name: string): Named | null {
    for (let at = this.#scopes.length - 1; at >= 0; at--) {
      const found = itemOf(this.#scopes[at], name);
      if (found !== null) return found;
    }
    return null;
  }

  /** As `find`, in the innermost FROM alone. */
  findInner(name: string): Named | null {
    return itemOf(this.#scopes.at(-1), name);
  }

  /** The items of the innermost FROM that have a name; null: two have the same. */
  get inner(): readonly (Named | null)[] {
    return [...(this.#scopes.at(-1)?.values() ?? [])];
  }

  /** The common table of this name, if one is in scope. `name` in lower case. */
  common(name: string): Named | undefined {
    return this.#common.get(name);
  }

  /** Names a common table; it is in scope until `restore`. `name` in lower case. */
  addCommon(name: string): Named {
    const named = { name: `q$${++this.#count}`, table: null };
    this.#common = new Map([...this.#common, [name, named]]);
    return named;
  }

  get commonTables(): ReadonlyMap<string, Named> {
    return this.#common;
  }

  restore(common: ReadonlyMap<string, Named>): void {
    this.#common = common;
  }

  #declare(
    { select, joins = [] }: FromClause,
    about: { scope: Scope; tableOf: (item: SelectTable) => TableName | null },
  ): void {
    for (const item of [select, ...joins.map(({ table }) => table)]) {
      if (item === undefined) continue;
      // Items of a join in parentheses are seen from outside of them.
      if (item.type === "SubSelectTable") {
        if (item.alias) throw new QueryRefused("NotAllowed", "a name for a join in parentheses is not allowed");
        this.#declare(item.from, about);
        continue;
      }
      const named = { name: `a$${++this.#count}`, table: about.tableOf(item) };
      this.#items.set(item, named);
      const given = item.alias?.name.text ?? ("tblName" in item ? item.tblName.objName.text : undefined);
      if (given === undefined) continue;
      const folded = given.toLowerCase();
      about.scope.set(folded, about.scope.has(folded) ? null : named);
    }
  }
}

function itemOf(scope: Scope | undefined, name: string): Named | null {
  const found = scope?.get(name.toLowerCase());
  if (found === null) throw new QueryRefused("InvalidQuery", `two tables are called ${name}`, "name them with AS");
  return found ?? null;
}
