import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bundleWorker } from "../../local/bundle.ts";
import { startRuntime, withDatabase } from "../../local/runtime.ts";
import { watchWorkerd } from "../../local/workerd-process.ts";

export interface BareServer {
  endpoint: string;
  /** Process id of its workerd. */
  pid: number;
  stop(): Promise<void>;
}

/** Starts the bare Worker as the launcher starts Sherd: same runtime, own socket, six folders, D1 on disk. */
export async function startBare(dataDir: string): Promise<BareServer> {
  const drivePaths = Array.from({ length: 6 }, (_, index) => join(dataDir, "drives", `drive-${index + 1}`));
  const metadataPath = join(dataDir, "metadata");
  for (const path of [metadataPath, ...drivePaths]) await mkdir(path, { recursive: true });
  await withDatabase(metadataPath, async (database) => {
    await database.exec("CREATE TABLE floor (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
    await database.exec("INSERT INTO floor VALUES ('one', 'a row')");
  });
  const workerd = watchWorkerd();
  const runtime = await startRuntime({
    worker: await bundleWorker(join(import.meta.dirname, "bare-worker.ts")),
    host: "127.0.0.1",
    port: 0,
    metadataPath,
    drivePaths,
    vars: {},
    onLog: (_level, message) => void process.stderr.write(`${message}\n`),
  });
  const stop = async () => {
    await runtime.dispose();
    workerd.close();
  };
  return { endpoint: `http://127.0.0.1:${runtime.port}`, pid: workerd.pid() ?? 0, stop };
}
