import type { DriveClass, DriveTraits } from "./drive.ts";
import { KV_VALUE_BYTES_MAX } from "./kv.ts";

/** One drive of SHERD_DRIVES, checked and with its defaults filled in. */
export type DriveSpec = BoundDriveSpec | S3DriveSpec;

/** A drive reached by a binding of the Worker. */
export interface BoundDriveSpec extends DriveTraits {
  readonly type: "r2" | "kv" | "disk";
  readonly binding: string;
}

/**
 * A bucket at another S3 provider. The secrets are names of variables: the configuration itself
 * never has them.
 */
export interface S3DriveSpec extends DriveTraits {
  readonly type: "s3";
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Prefix of the keys: empty, or ending in a slash. */
  readonly prefix: string;
  readonly accessKeyIdSecret: string;
  readonly secretAccessKeySecret: string;
}

/** SHERD_DRIVES cannot be used. Each problem says where it is and what to fix. */
export class DriveConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`SHERD_DRIVES cannot be used:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
    this.name = "DriveConfigError";
    this.problems = problems;
  }
}

/** Default and limit of the shard size of each type. */
const SHARD_BYTES: Record<DriveSpec["type"], { usual: number; max: number }> = {
  // A put is limited to 5 GiB at S3 and to a little less at R2.
  r2: { usual: 4.99 * 1024 ** 3, max: 4.99 * 1024 ** 3 },
  s3: { usual: 5 * 1024 ** 3, max: 5 * 1024 ** 3 },
  disk: { usual: 5 * 1024 ** 4, max: 5 * 1024 ** 4 },
  // A shard for KV is kept in memory while it is written.
  kv: { usual: 4 * 1024 ** 2, max: KV_VALUE_BYTES_MAX },
};

/** The client of a request that waits longer is gone. */
const TIMEOUT_SECONDS_MAX = 300;

const COMMON_FIELDS = ["name", "type", "domain", "class", "shardBytesMax", "draining", "timeoutSeconds"];
const FIELDS: Record<DriveSpec["type"], readonly string[]> = {
  r2: [...COMMON_FIELDS, "binding"],
  kv: [...COMMON_FIELDS, "binding"],
  disk: [...COMMON_FIELDS, "binding"],
  s3: [...COMMON_FIELDS, "endpoint", "region", "bucket", "prefix", "accessKeyIdSecret", "secretAccessKeySecret"],
};

/** A method that only bindings of this type have. */
const BINDING_METHOD = { r2: "createMultipartUpload", kv: "getWithMetadata", disk: "fetch" } as const;

/**
 * Reads SHERD_DRIVES: JSON text, or its value if the variable is a JSON one. `env` holds the
 * bindings and secrets that it names. Throws a DriveConfigError that lists all problems.
 */
export function parseDrives(source: unknown, env: Record<string, unknown>): DriveSpec[] {
  const list = typeof source === "string" ? parseJson(source) : source;
  if (list === undefined) throw new DriveConfigError(["it is not set: give a JSON list of drives"]);
  if (!Array.isArray(list) || list.length === 0) {
    throw new DriveConfigError(["it must be a JSON list of at least one drive"]);
  }
  const problems: string[] = [];
  const specs = list.map((entry: unknown, index) => new EntryReader(entry, index, problems).read(env));
  const read = specs.filter((spec) => spec !== null);
  findDuplicates(read, problems);
  if (problems.length > 0) throw new DriveConfigError(problems);
  return read;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DriveConfigError([`it is not JSON: ${error instanceof Error ? error.message : error}`]);
  }
}

function findDuplicates(specs: readonly DriveSpec[], problems: string[]): void {
  const names = new Set<string>();
  const places = new Map<string, string>();
  for (const spec of specs) {
    if (names.has(spec.name))
      problems.push(`two drives are named "${spec.name}": names are recorded with shards, so each has its own`);
    names.add(spec.name);
    const place = spec.type === "s3" ? `${spec.endpoint} ${spec.bucket} ${spec.prefix}` : `binding ${spec.binding}`;
    const other = places.get(place);
    if (other !== undefined)
      problems.push(
        `drives "${other}" and "${spec.name}" are the same place (${place}): it would be lost for both at once`,
      );
    places.set(place, spec.name);
  }
}

interface TextRule {
  pattern: RegExp;
  /** The rule for the text: "its … must be …". */
  mustBe: string;
  /** The default; without one the field is required. */
  otherwise?: string;
}

const LABEL = { pattern: /^[a-z0-9-]{1,32}$/, mustBe: "1 to 32 of a-z, 0-9 and -" };
const VARIABLE = { pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, mustBe: "the name of a binding, variable or secret" };

/** Reads one entry; every problem goes to the list, and `read` returns null if there was one. */
class EntryReader {
  readonly #entry: Record<string, unknown>;
  readonly #problems: string[];
  readonly #isObject: boolean;
  #where: string;
  #isSound = true;

  constructor(entry: unknown, index: number, problems: string[]) {
    this.#isObject = typeof entry === "object" && entry !== null && !Array.isArray(entry);
    this.#entry = this.#isObject ? (entry as Record<string, unknown>) : {};
    this.#problems = problems;
    const name = this.#entry.name;
    this.#where = typeof name === "string" ? `drive ${index + 1} ("${name}")` : `drive ${index + 1}`;
  }

  read(env: Record<string, unknown>): DriveSpec | null {
    if (!this.#isObject) {
      this.#problem("must be an object");
      return null;
    }
    const type = this.#type();
    if (type === null) return null;
    for (const field of Object.keys(this.#entry)) {
      if (!FIELDS[type].includes(field)) {
        this.#problem(`has an unknown field "${field}"; a drive of type ${type} has ${FIELDS[type].join(", ")}`);
      }
    }
    const traits = this.#traits(type);
    const spec: DriveSpec =
      type === "s3"
        ? { ...traits, type, ...this.#bucket(env) }
        : { ...traits, type, binding: this.#binding(type, env) };
    return this.#isSound ? spec : null;
  }

  #type(): DriveSpec["type"] | null {
    const { type } = this.#entry;
    if (typeof type === "string" && Object.hasOwn(FIELDS, type)) return type as DriveSpec["type"];
    this.#problem(`must have a "type": one of ${Object.keys(FIELDS).join(", ")}`);
    return null;
  }

  #traits(type: DriveSpec["type"]): DriveTraits {
    const name = this.#text("name", LABEL);
    const domain = this.#text("domain", { ...LABEL, otherwise: name });
    const otherwise = type === "kv" ? "small" : "both";
    const classRule = { pattern: /^(small|large|both)$/, mustBe: "small, large or both", otherwise };
    return {
      name,
      domain,
      class: this.#text("class", classRule) as DriveClass,
      shardBytesMax: this.#shardBytesMax(type),
      ...this.#draining(),
      ...this.#timeoutSeconds(),
    };
  }

  #timeoutSeconds(): { timeoutSeconds?: number } {
    const { timeoutSeconds } = this.#entry;
    if (timeoutSeconds === undefined) return {};
    const seconds = Number.isSafeInteger(timeoutSeconds) ? (timeoutSeconds as number) : 0;
    if (seconds < 1 || seconds > TIMEOUT_SECONDS_MAX) {
      this.#problem(`has a "timeoutSeconds" that must be a whole number from 1 to ${TIMEOUT_SECONDS_MAX}`);
    }
    return { timeoutSeconds: seconds };
  }

  #draining(): { draining?: true } {
    const { draining = false } = this.#entry;
    if (typeof draining !== "boolean") this.#problem('has a "draining" that must be true or false');
    return draining === true ? { draining } : {};
  }

  #shardBytesMax(type: DriveSpec["type"]): number {
    const { usual, max } = SHARD_BYTES[type];
    const { shardBytesMax = Math.floor(usual) } = this.#entry;
    if (Number.isSafeInteger(shardBytesMax) && (shardBytesMax as number) >= 4096 && (shardBytesMax as number) <= max) {
      return shardBytesMax as number;
    }
    this.#problem(
      `has a "shardBytesMax" that must be a whole number of bytes from 4096 to ${Math.floor(max)} for type ${type}`,
    );
    return 0;
  }

  #binding(type: BoundDriveSpec["type"], env: Record<string, unknown>): string {
    const binding = this.#text("binding", VARIABLE);
    if (binding === "") return binding;
    const bound = env[binding];
    if (bound === undefined)
      this.#problem(`names the binding ${binding}, which the Worker does not have: add it to wrangler.toml`);
    else if (typeof (bound as Record<string, unknown> | null)?.[BINDING_METHOD[type]] !== "function") {
      this.#problem(`names the binding ${binding}, which is not one of type ${type}`);
    }
    return binding;
  }

  #bucket(env: Record<string, unknown>): Omit<S3DriveSpec, keyof DriveTraits | "type"> {
    const prefix = this.#text("prefix", {
      pattern: /^$|^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*\/?$/,
      mustBe: "segments of A-Z, a-z, 0-9, ., _ and -, with a / between them",
      otherwise: "",
    });
    return {
      endpoint: this.#endpoint(),
      region: this.#text("region", {
        pattern: /^[a-z0-9-]{1,64}$/,
        mustBe: 'a region name, such as "eu-central-1" or "auto"',
      }),
      bucket: this.#text("bucket", { pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, mustBe: "the name of a bucket" }),
      prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
      accessKeyIdSecret: this.#secret("accessKeyIdSecret", env),
      secretAccessKeySecret: this.#secret("secretAccessKeySecret", env),
    };
  }

  /**
   * Plain http would show the shards, and let them be altered, on the way. It is only allowed to
   * this machine.
   */
  #endpoint(): string {
    const text = this.#text("endpoint", {
      pattern: /^https?:\/\/[^\s?#@]+$/,
      mustBe: "an https URL without query or credentials",
    });
    if (text === "") return "";
    if (!URL.canParse(text)) {
      this.#problem('has an "endpoint" that is not a URL');
      return "";
    }
    const url = new URL(text);
    const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
    if (url.protocol === "http:" && !isLocal) this.#problem('has an "endpoint" with http: use https');
    return url.origin + url.pathname.replace(/\/+$/, "");
  }

  #secret(field: string, env: Record<string, unknown>): string {
    const name = this.#text(field, VARIABLE);
    const value = name === "" ? undefined : env[name];
    if (name !== "" && (typeof value !== "string" || value === "")) {
      this.#problem(
        `names the secret ${name} as its "${field}", which is not set: run "npx wrangler secret put ${name}"`,
      );
    }
    return name;
  }

  /** The text of a field, or "" if it breaks the rule. */
  #text(field: string, { pattern, mustBe, otherwise }: TextRule): string {
    const value = this.#entry[field] ?? otherwise;
    if (typeof value === "string" && pattern.test(value)) return value;
    // A missing domain is the name, whose own problem was reported.
    if (this.#entry[field] !== undefined || otherwise === undefined) {
      this.#problem(`${this.#entry[field] === undefined ? "lacks" : "has a wrong"} "${field}": it must be ${mustBe}`);
    }
    return "";
  }

  #problem(text: string): void {
    this.#isSound = false;
    this.#problems.push(`${this.#where} ${text}`);
  }
}
