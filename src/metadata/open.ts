import { FIRST_DATABASE } from "./buckets/identity.ts";
import type { CostObserver } from "./database.ts";
import { localBatches } from "./local-batches.ts";
import { localReads } from "./local-reads.ts";
import { Metadata } from "./metadata.ts";

/** A Worker may have thousands of bindings; a listing of buckets asks every database. */
const DATABASES_MAX = 500;

/**
 * The databases that SHERD_DATABASES names, by their bindings and separated by commas: "DB" first, as in "DB, DB_2". Without it
 * there is one, DB. Throws an `Error` that says what to fix.
 */
export function openMetadata(env: Readonly<Record<string, unknown>>, observe: CostObserver): Metadata[] {
  const names = databaseNames(env.SHERD_DATABASES);
  return names.map((name) => {
    if (!isD1(env[name])) throw new Error(`SHERD_DATABASES: there is no D1 binding ${name}`);
    const ways = { reads: localReads(env[`${name}_READS`]), batches: localBatches(env[`${name}_BATCHES`]) };
    return new Metadata(env[name], observe, name, ways);
  });
}

function databaseNames(variable: unknown): string[] {
  if (variable === undefined || variable === "") return [FIRST_DATABASE];
  const names = String(variable)
    .split(",")
    .map((name) => name.trim());
  if (names[0] !== FIRST_DATABASE) throw new Error(`SHERD_DATABASES must begin with ${FIRST_DATABASE}`);
  if (names.length > DATABASES_MAX) throw new Error(`SHERD_DATABASES may name ${DATABASES_MAX} databases at the most`);
  if (new Set(names).size < names.length) throw new Error("SHERD_DATABASES names a database twice");
  const odd = names.find((name) => !/^[A-Z][A-Z0-9_]{0,31}$/.test(name));
  if (odd === undefined) return names;
  throw new Error(
    `SHERD_DATABASES: ${JSON.stringify(odd)} is no name of a binding here: capital letters, digits and _, 32 at the most`,
  );
}

function isD1(binding: unknown): binding is D1Database {
  return typeof binding === "object" && binding !== null && "prepare" in binding;
}
