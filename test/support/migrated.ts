import { createHash, createHmac } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");
/** Miniflare keeps databases as Durable Objects of this class. */
const OBJECTS = "miniflare-D1DatabaseObject";

let image: Promise<Uint8Array> | undefined;

/** Puts databases with all migrations where a Miniflare with this `resourcePersistencePath` looks for D1 databases of these ids. */
export async function writeMigratedDatabases(persistencePath: string, ids: readonly string[]): Promise<void> {
  image ??= migrate();
  const bytes = await image;
  const folder = join(persistencePath, "d1", OBJECTS);
  await mkdir(folder, { recursive: true });
  await Promise.all(ids.map((id) => writeFile(join(folder, `${objectId(id)}.sqlite`), bytes)));
}

/** The file of a database with all migrations. Made once in each process, because the migrations take longer than a copy. */
async function migrate(): Promise<Uint8Array> {
  const database = new DatabaseSync(":memory:");
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith(".sql")).sort();
  for (const name of names) database.exec(await readFile(join(MIGRATIONS, name), "utf8"));
  const bytes = database.serialize();
  database.close();
  return bytes;
}

/** As workerd makes ids of names: 16 bytes of the name, and 16 that say whose they are. */
function objectId(name: string): string {
  const key = createHash("sha256").update(OBJECTS).digest();
  const keyed = (data: string | Uint8Array) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const id = keyed(name);
  return Buffer.concat([id, keyed(id)]).toString("hex");
}
