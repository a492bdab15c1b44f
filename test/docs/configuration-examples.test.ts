import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { breakEvenTable } from "../../bench/break-even.ts";
import { type DriveSpec, parseDrives } from "../../src/drives/config.ts";
import { openDrives } from "../../src/drives/open.ts";
import type { Geometry } from "../../src/erasure/geometry.ts";
import { newId } from "../../src/store/placement/ids.ts";
import { placeShards, requireEnoughDrives } from "../../src/store/placement/placement.ts";
import { DEFAULT_SETTINGS, parseSettings, type StoreSettings } from "../../src/store/settings.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { fences, readDocument, section, tableRows } from "./document.ts";

const text = readDocument("docs/configuration.md");
const random = (count: number) => new Uint8Array(randomBytes(count));

/** The methods by which bindings are told apart; nothing is called. */
const r2 = { createMultipartUpload: () => {} };
const kv = { getWithMetadata: () => {} };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sherd-examples-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Binding {
  binding: string;
}

interface Example {
  specs: DriveSpec[];
  settings: StoreSettings;
  drives: ReturnType<typeof openDrives>;
}

/** An example as the Worker would read it: its wrangler.toml by wrangler, its variables by Sherd. */
function readExample(heading: string): Example {
  const example = section(text, heading);
  const path = join(folder, "wrangler.toml");
  const head = readDocument("wrangler.toml").match(/^(name|main|compatibility_\w+) = .*$/gm) ?? [];
  writeFileSync(path, [...head, ...fences(example, "toml")].join("\n"));
  const { r2_buckets, kv_namespaces, vars } = unstable_readConfig({ config: path });
  const secrets = Array.from(example.matchAll(/^npx wrangler secret put (\w+)$/gm), ([, name]) => [name, "a secret"]);
  const env: Record<string, unknown> = {
    ...vars,
    ...Object.fromEntries(r2_buckets.map(({ binding }: Binding) => [binding, r2])),
    ...Object.fromEntries(kv_namespaces.map(({ binding }: Binding) => [binding, kv])),
    ...Object.fromEntries(secrets),
  };
  const specs = parseDrives(env.SHERD_DRIVES, env);
  const settings = parseSettings(env);
  const drives = openDrives(specs, env, { clock: new ManualClock(), random, fetch: () => Promise.reject() });
  requireEnoughDrives(drives, settings);
  return { specs, settings, drives };
}

/** The most shards that one blob has on one drive, and in one domain, over many blobs. */
function mostShards({ drives }: Example, { k, m }: Geometry, blobClass: "small" | "large") {
  let [onDrive, inDomain] = [0, 0];
  const clock = new ManualClock();
  for (let blob = 0; blob < 500; blob++) {
    const placed = placeShards(drives, {
      id: newId({ clock, random }),
      count: k + m,
      shardBytes: 1000,
      class: blobClass,
    });
    if (placed === null) throw new Error("too few drives");
    onDrive = Math.max(onDrive, ...counts(placed.map(({ name }) => name)));
    inDomain = Math.max(inDomain, ...counts(placed.map(({ domain }) => domain)));
  }
  return { onDrive, inDomain };
}

function counts(names: readonly string[]): number[] {
  return names.map((name) => names.filter((other) => other === name).length);
}

describe("the examples of docs/configuration.md are usable as they stand", () => {
  test("six R2 buckets: any two may be lost", () => {
    const example = readExample("### Six R2 buckets");
    expect(example.specs.map(({ type }) => type)).toEqual(Array(6).fill("r2"));
    const { STANDARD } = example.settings.storageClasses;
    expect(STANDARD).toEqual({ k: 4, m: 2 });
    expect(mostShards(example, STANDARD!, "large")).toEqual({ onDrive: 1, inDomain: 1 });
  });

  test("three jurisdictions and two providers: any provider may be lost, and any two drives", () => {
    const example = readExample("### R2 in three jurisdictions, and two other providers");
    expect(example.specs.map(({ type }) => type)).toEqual(["r2", "r2", "r2", "s3", "s3"]);
    const { STANDARD } = example.settings.storageClasses;
    expect(mostShards(example, STANDARD!, "large")).toEqual({ onDrive: 1, inDomain: STANDARD!.m });
    const { smallGeometry } = example.settings;
    expect(mostShards(example, smallGeometry, "small")).toEqual({ onDrive: 1, inDomain: 1 });
    expect([STANDARD!.m, smallGeometry.m]).toEqual([2, 2]);
  });

  test("one bucket and no coding", () => {
    const { specs, settings } = readExample("### One cheap bucket and no coding");
    expect(specs).toHaveLength(1);
    expect([settings.storageClasses.STANDARD, settings.smallGeometry]).toEqual(Array(2).fill({ k: 1, m: 0 }));
  });

  test("wrangler.toml itself", () => {
    const { vars } = unstable_readConfig({ config: join(import.meta.dirname, "../../wrangler.toml") });
    const bindings = Array.from({ length: 6 }, (_, index) => [`DRIVE_${index + 1}`, r2]);
    const env = { ...vars, DRIVE_KV: kv, ...Object.fromEntries(bindings) };
    expect(parseDrives(env.SHERD_DRIVES, env)).toHaveLength(7);
    expect(parseSettings(env)).toEqual(DEFAULT_SETTINGS);
  });
});

describe("the variables of docs/configuration.md", () => {
  const rows = tableRows(section(text, "## Variables"));
  const documented = new Map(
    rows.flatMap(([names = "", value = ""]) => names.split(", ").map((name) => [name, value])),
  );

  test("are all that the Worker reads", () => {
    const sources = readdirSync(join(import.meta.dirname, "../../src"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => readDocument(`src/${path}`))
      .join("\n");
    expect([...documented.keys()].sort()).toEqual([...new Set(sources.match(/\bSHERD_[A-Z_]+\b/g))].sort());
  });

  test("have the defaults that they say", () => {
    expect(documented.get("SHERD_REGION")).toBe(DEFAULT_SETTINGS.region);
    const env = Object.fromEntries([...documented].filter(([, value]) => /^(\d+|[\w+=]+\d)$/.test(value)));
    expect(Object.keys(env).length).toBeGreaterThanOrEqual(6);
    expect(parseSettings(env)).toEqual(DEFAULT_SETTINGS);
  });
});

test("the fields of drives are those that each type has", () => {
  const rows = tableRows(section(text, "## Drives"));
  for (const type of ["r2", "kv", "disk", "s3"]) {
    const documented = rows.filter(([, types = ""]) => types === "all" || types.split(", ").includes(type));
    const names = documented.flatMap(([fields = ""]) => fields.split(", "));
    // The refusal of a field that there is not lists those that there are.
    const list = new RegExp(`a drive of type ${type} has (.*)$`, "m").exec(refusalOf([{ type, noSuchField: 1 }]))?.[1];
    expect(names.sort()).toEqual(list?.split(", ").sort());
  }
});

function refusalOf(drives: unknown): string {
  try {
    parseDrives(drives, {});
    return "";
  } catch (error) {
    return String(error);
  }
}

test("the break-even table is what the command prints", () => {
  expect(text).toContain(`<!-- break-even -->\n${breakEvenTable()}\n<!-- /break-even -->`);
});
