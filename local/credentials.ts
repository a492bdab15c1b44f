import { randomInt } from "node:crypto";
import { chmod, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { StartError, systemCode } from "./start-error.ts";

/** The root key pair of the server. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** The pair and its origin: the environment, a file made by this start, or an older file. */
export type LoadedCredentials = Credentials &
  ({ source: "environment" } | { source: "file"; path: string; made: boolean });

const upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const alphanumeric = `${upperAlphanumeric}abcdefghijklmnopqrstuvwxyz`;

/** A new pair: 20 upper-case letters and digits, and 40 letters and digits (238 bits), none of which needs quoting. */
export function makeCredentials(): Credentials {
  return { accessKeyId: randomText(20, upperAlphanumeric), secretAccessKey: randomText(40, alphanumeric) };
}

function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/**
 * The pair of SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY, or undefined if neither is set.
 * Throws a StartError if only one is set, or one cannot be used.
 */
export function environmentCredentials(environment: NodeJS.ProcessEnv): LoadedCredentials | undefined {
  const accessKeyId = environment.SHERD_ACCESS_KEY_ID ?? "";
  const secretAccessKey = environment.SHERD_SECRET_ACCESS_KEY ?? "";
  if (accessKeyId === "" && secretAccessKey === "") return undefined;
  if (accessKeyId === "" || secretAccessKey === "") {
    const names = ["SHERD_ACCESS_KEY_ID", "SHERD_SECRET_ACCESS_KEY"];
    const [set, unset] = accessKeyId === "" ? names.toReversed() : names;
    throw new StartError(`${set} is set but ${unset} is not: set both or neither`);
  }
  const fault = faultOf({ accessKeyId, secretAccessKey });
  if (fault !== undefined)
    throw new StartError(`SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY cannot be used: ${fault}`);
  return { accessKeyId, secretAccessKey, source: "environment" };
}

/**
 * The pair of `credentials.json` in the data folder. Makes the file (mode 0600) if it does not
 * exist. Throws a StartError if it cannot be read or is damaged.
 */
export async function folderCredentials(dataDir: string): Promise<LoadedCredentials> {
  const path = join(dataDir, "credentials.json");
  const kept = await readCredentials(path);
  if (kept !== undefined) return { ...kept, source: "file", path, made: false };
  const credentials = makeCredentials();
  await writeCredentials(path, credentials);
  return { ...credentials, source: "file", path, made: true };
}

/**
 * Why a pair cannot be used. The id is part of the credential scope
 * `id/date/region/s3/aws4_request`, in a list.
 */
function faultOf({ accessKeyId, secretAccessKey }: Credentials): string | undefined {
  if (!/^[\w.-]{3,128}$/.test(accessKeyId))
    return "the id must be 3 to 128 letters, digits, dots, hyphens and underscores";
  if (!/^[\x21-\x7e]{8,128}$/.test(secretAccessKey))
    return "the secret must be 8 to 128 printable ASCII characters, no space";
  return undefined;
}

async function readCredentials(path: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new StartError(`cannot read ${path} (${systemCode(error) ?? error})`);
  }
  const credentials = parseCredentials(text);
  if (credentials === undefined) {
    throw new StartError(`${path} is damaged: repair it, or remove it and a new key pair is made at the next start`);
  }
  await chmod(path, 0o600);
  return credentials;
}

function parseCredentials(text: string): Credentials | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { accessKeyId, secretAccessKey } = (value ?? {}) as Partial<Credentials>;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") return undefined;
  const credentials = { accessKeyId, secretAccessKey };
  return faultOf(credentials) === undefined ? credentials : undefined;
}

/** Written to a temporary file and renamed, so that a crash never leaves half a file. */
async function writeCredentials(path: string, credentials: Credentials): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
