import { firstAccount } from "../../auth/principal.ts";
import { isTrustedUrl } from "../../base/trusted-url.ts";
import { awsKms } from "./aws-kms.ts";
import type { ExternalKms, ExternalParts, KmsStore } from "./external-kms.ts";
import { vaultTransit } from "./vault.ts";

/** SHERD_KMS_STORES cannot be used; the message says what to change. */
function refuse(where: string, problem: string): never {
  throw new Error(`SHERD_KMS_STORES: ${where} ${problem}`);
}

const TIMEOUT_SECONDS = { usual: 5, max: 30 };
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "aws-kms": ["endpoint", "region", "accessKeyIdSecret", "secretAccessKeySecret"],
  vault: ["endpoint", "mount", "tokenSecret", "namespace"],
};

/**
 * Reads SHERD_KMS_STORES: a JSON list of places that hold keys, by their names. Credentials are named by the variables that hold them.
 * Throws an `Error` that says what to change.
 */
export function readKmsStores(
  env: Readonly<Record<string, unknown>>,
  parts: Pick<ExternalParts, "fetch">,
): ReadonlyMap<string, KmsStore> {
  const source = env.SHERD_KMS_STORES;
  if (source === undefined || source === "") return new Map();
  const stores = new Map<string, KmsStore>();
  for (const [index, entry] of parseList(source).entries()) {
    const fields = new Fields(entry, `store ${index + 1}`, env);
    const name = fields.text("name", /^[a-z0-9-]{1,64}$/);
    if (stores.has(name)) refuse(`store ${index + 1}`, `has the name "${name}", which another one has`);
    stores.set(name, { kms: open(fields, parts), accounts: fields.accounts() });
  }
  return stores;
}

function parseList(source: unknown): readonly Readonly<Record<string, unknown>>[] {
  let list: unknown = source;
  try {
    if (typeof source === "string") list = JSON.parse(source);
  } catch {
    refuse("it", "is not JSON");
  }
  const isObject = (entry: unknown) => typeof entry === "object" && entry !== null && !Array.isArray(entry);
  if (!Array.isArray(list) || !list.every(isObject)) refuse("it", "must be a JSON list of objects");
  return list;
}

function open(fields: Fields, { fetch }: Pick<ExternalParts, "fetch">): ExternalKms {
  const type = fields.text("type", /^(aws-kms|vault)$/);
  fields.requireOnly(["name", "type", "timeoutSeconds", "accounts", ...(FIELDS[type] ?? [])]);
  const parts = { fetch, timeoutMs: fields.timeoutSeconds() * 1000 };
  const endpoint = fields.url("endpoint");
  if (type === "vault") {
    const mount = fields.text("mount", /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, "transit");
    const namespace = fields.text("namespace", /^[\x21-\x7e]{0,256}$/, "");
    const token = fields.secret("tokenSecret");
    return vaultTransit({ endpoint, mount, token, namespace: namespace === "" ? undefined : namespace }, parts);
  }
  const region = fields.text("region", /^[a-z0-9-]{1,32}$/);
  const accessKeyId = fields.secret("accessKeyIdSecret");
  return awsKms({ endpoint, region, accessKeyId, secretAccessKey: fields.secret("secretAccessKeySecret") }, parts);
}

/** One entry of the list. Values of secrets are never part of an error. */
class Fields {
  readonly #entry: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #env: Readonly<Record<string, unknown>>;

  constructor(entry: Readonly<Record<string, unknown>>, where: string, env: Readonly<Record<string, unknown>>) {
    this.#entry = entry;
    this.#where = typeof entry.name === "string" ? `${where} ("${entry.name.slice(0, 64)}")` : where;
    this.#env = env;
  }

  text(field: string, pattern: RegExp, otherwise?: string): string {
    const value = this.#entry[field] ?? otherwise;
    if (typeof value === "string" && pattern.test(value)) return value;
    return refuse(this.#where, `needs a "${field}" that matches ${pattern.source}`);
  }

  url(field: string): string {
    const value = this.#entry[field];
    if (typeof value === "string" && isTrustedUrl(value)) return value;
    return refuse(this.#where, `needs an "${field}" that begins with https:// (http:// for this machine alone)`);
  }

  secret(field: string): string {
    const name = this.#entry[field];
    if (typeof name !== "string") return refuse(this.#where, `needs a "${field}": the name of a variable`);
    const value = this.#env[name];
    if (typeof value === "string" && value !== "") return value;
    return refuse(this.#where, `names the variable ${name.slice(0, 64)}, which is not set`);
  }

  timeoutSeconds(): number {
    const value = this.#entry.timeoutSeconds ?? TIMEOUT_SECONDS.usual;
    if (typeof value === "number" && value > 0 && value <= TIMEOUT_SECONDS.max) return value;
    return refuse(this.#where, `has a "timeoutSeconds" that is not above 0 and up to ${TIMEOUT_SECONDS.max}`);
  }

  accounts(): readonly string[] {
    const value = this.#entry.accounts ?? [firstAccount.accountId];
    const isList = Array.isArray(value) && value.every((id) => typeof id === "string" && /^\d{12}$/.test(id));
    return isList ? value : refuse(this.#where, 'has "accounts" that are no list of account ids (12 digits each)');
  }

  requireOnly(known: readonly string[]): void {
    const odd = Object.keys(this.#entry).find((field) => !known.includes(field));
    if (odd !== undefined) refuse(this.#where, `has an unknown field "${odd.slice(0, 64)}"`);
  }
}
