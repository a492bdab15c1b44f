import { randomBytes } from "node:crypto";
import { chmod, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { readRootSealer } from "../src/sealing/read-sealing.ts";
import { StartError, systemCode } from "./start-error.ts";

/** The root keys that encrypt what is stored, as in SHERD_ROOT_KEYS, and their origin. */
export interface LoadedRootKeys {
  readonly keys: string;
  /**
   * The file, if this start made it. Absent if the file is older, or the environment has the keys.
   */
  readonly madePath?: string;
}

const FILE = "root-keys";
/** Beside it: the ids of all root keys that the folder was ever used with. They are not secret. */
const IDS_FILE = "root-keys.ids";

/**
 * The root keys of a data folder: from the environment, or from its file `root-keys` (one key per
 * line, the newest first). The file is made (mode 0600) if there is none. Throws a StartError if
 * the file cannot be read or is damaged. Throws one also if a root key is missing that the folder
 * was used with: objects would be unreadable, and that must be noticed at once.
 */
export async function folderRootKeys(
  dataDir: string,
  environment: NodeJS.ProcessEnv,
  { mayMake }: { mayMake: boolean },
): Promise<LoadedRootKeys> {
  const path = join(dataDir, FILE);
  const known = (await readText(join(dataDir, IDS_FILE)))?.split("\n").filter((line) => line !== "") ?? [];
  const given = environment.SHERD_ROOT_KEYS ?? "";
  const kept = given === "" ? await readText(path) : undefined;
  if (kept !== undefined) await chmod(path, 0o600);
  const isMissing = given === "" && kept === undefined;
  if (isMissing && known.length > 0) {
    throw new StartError(
      `${path} is gone, and objects are encrypted under its keys: put it back, or set SHERD_ROOT_KEYS. ` +
        `To go on without those objects, remove ${join(dataDir, IDS_FILE)}`,
    );
  }
  if (isMissing && !mayMake) return { keys: "" };
  const keys = isMissing ? randomBytes(32).toString("base64") : given || listOf(kept ?? "");
  const ids = idsOf(keys, given === "" ? path : "SHERD_ROOT_KEYS");
  const lost = known.filter((id) => !ids.includes(id));
  if (lost.length > 0) {
    throw new StartError(
      `objects may be encrypted under root keys that are not configured any more (${lost.join(", ")}): add them. ` +
        `Once npm run verify finds nothing under them, remove their lines from ${join(dataDir, IDS_FILE)}`,
    );
  }
  if (isMissing) await writeText(path, `${keys}\n`);
  const fresh = ids.filter((id) => !known.includes(id));
  if (fresh.length > 0) await writeText(join(dataDir, IDS_FILE), `${[...known, ...fresh].join("\n")}\n`);
  return isMissing ? { keys, madePath: path } : { keys };
}

function listOf(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join(",");
}

/** Throws a StartError if they cannot be used. */
function idsOf(keys: string, origin: string): readonly string[] {
  try {
    const sealer = readRootSealer({ SHERD_ROOT_KEYS: keys }, randomBytes);
    if (sealer === null) throw new Error("it holds no key");
    return sealer.roots;
  } catch (error) {
    throw new StartError(
      `the root keys of ${origin} cannot be used: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new StartError(`cannot read ${path} (${systemCode(error) ?? error})`);
  }
}

/** Written to a temporary file and renamed, so that a crash never leaves half a file. */
async function writeText(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
