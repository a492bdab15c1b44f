import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { writeMigratedDatabases } from "./migrated.ts";

interface Statement {
  sql: string;
  values: readonly unknown[];
}

/**
 * Takes a batch as JSON, or one statement for `raw`, and runs it on the D1 that the path names. Miniflare's own `getBindings` reaches D1 through a proxy that blocks
 * this process for each `prepare` and each `bind`: 40 ms for the batch of one PutObject.
 */
const WORKER = `
export default {
  async fetch(request, env) {
    const database = env[new URL(request.url).pathname.slice(1)];
    const bound = ({ sql, values }) => database.prepare(sql).bind(...values);
    const asked = await request.json();
    try {
      const answer = Array.isArray(asked) ? database.batch(asked.map(bound)) : bound(asked).raw({ columnNames: true });
      return Response.json({ outcomes: await answer });
    } catch (error) {
      return Response.json({ failure: error.message });
    }
  },
};`;

/** Databases of one workerd; one that nobody uses costs next to nothing. */
const TOGETHER = 16;
const ready: URL[] = [];

/**
 * D1 in workerd, with all migrations: it counts the rows that statements read and write. All databases of a process share a workerd,
 * which ends with the process.
 */
export async function openRealD1(): Promise<{ d1: D1Database; dispose(): Promise<void> }> {
  if (ready.length === 0) ready.push(...(await startDatabases()));
  const endpoint = ready.pop() as URL;
  return { d1: new RemoteD1(endpoint) as unknown as D1Database, dispose: async () => {} };
}

async function startDatabases(): Promise<URL[]> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const ids = Array.from({ length: TOGETHER }, (_, index) => `DB_${index + 1}`);
  await writeMigratedDatabases(folder, ids);
  const miniflare = new Miniflare({
    cf: false,
    resourcePersistencePath: folder,
    workers: [
      {
        config: {
          name: "databases",
          compatibilityDate: "2026-11-09",
          manifest: {
            mainModule: "index.mjs",
            modulesRoot: "/",
            modules: { "index.mjs": { type: "esm", contents: WORKER } },
          },
          env: Object.fromEntries(ids.map((id) => [id, { type: "d1", id } as const])),
        },
      },
    ],
  });
  const endpoint = await miniflare.ready;
  return ids.map((id) => new URL(`/${id}`, endpoint));
}

/** The part of D1's interface that `src/metadata` uses. */
class RemoteD1 {
  readonly #endpoint: URL;

  constructor(endpoint: URL) {
    this.#endpoint = endpoint;
  }

  prepare(sql: string): Statement & { bind(...values: unknown[]): Statement } {
    const bind = (...values: unknown[]) => ({ sql, values, raw: () => this.#ask({ sql, values }) });
    return { sql, values: [], bind };
  }

  batch(statements: readonly Statement[]): Promise<unknown[]> {
    return this.#ask(statements.map(({ sql, values }) => ({ sql, values })));
  }

  async #ask(asked: Statement | readonly Statement[]): Promise<unknown[]> {
    const response = await fetch(this.#endpoint, { method: "POST", body: JSON.stringify(asked) });
    const { outcomes, failure } = (await response.json()) as { outcomes?: unknown[]; failure?: string };
    if (outcomes === undefined) throw new Error(failure);
    return outcomes;
  }
}
