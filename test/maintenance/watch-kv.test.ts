import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Drive } from "../../src/drives/drive.ts";
import { KV_SETTLE_MS, KvDrive } from "../../src/drives/kv.ts";
import { isMarkerKey } from "../../src/drives/marker.ts";
import { durability } from "../../src/maintenance/census/durability.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { putObject } from "../../src/store/write/write.ts";
import { pattern, put } from "../support/store.ts";
import { LaggingKv } from "./support/lagging-kv.ts";
import { MaintenanceRig, MINUTE_MS } from "./support/rig.ts";

// Three KV namespaces, for small bodies, beside six other drives. KV is late in showing what was written.

const NAMES = ["kv-1", "kv-2", "kv-3"];
const BODY = pattern(700, 5);
let rig: MaintenanceRig;
let kvs: Map<string, LaggingKv>;
let told: string[];

beforeEach(async () => {
  rig = await MaintenanceRig.open({ drives: 6 });
  kvs = new Map(NAMES.map((name) => [name, new LaggingKv(rig.clock)]));
  told = [];
  for (let n = 0; n < 4; n++) await putObject(store(), put(rig.bucket, `small/${n}`, BODY));
  await runJobs(store());
  await rig.clock.advance(2 * KV_SETTLE_MS);
  await runJobs(store());
});
afterEach(() => rig.rig.dispose());

function store(names: ReadonlyMap<string, string> = new Map()): StoreContext {
  const traits = { class: "small", shardBytesMax: 4_000_000 } as const;
  const small = NAMES.map((name): Drive => {
    const kv = kvs.get(names.get(name) ?? name) as LaggingKv;
    return new KvDrive({ ...traits, name, domain: name }, kv.namespace);
  });
  const large = rig.rig.drives.map((drive) => Object.assign(Object.create(drive), { class: "large" }) as Drive);
  return { ...rig.store({ drives: [...small, ...large] }), tell: (line: string) => told.push(line) };
}

const kv = (name: string) => kvs.get(name) as LaggingKv;
const shardsOn = (name: string) => [...kv(name).values.keys()].filter((key) => !isMarkerKey(key)).length;
const stateOf = async (name: string) => (await durability(store())).drives.find((drive) => drive.name === name)?.state;

async function minutes(count: number, of = store): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    await rig.clock.advance(MINUTE_MS);
    await runJobs(of());
  }
}

describe("KV namespaces as drives", () => {
  it("each has its marker, and stays itself while nothing happens, markers renewed or not", {
    tags: ["slow"],
  }, async () => {
    for (const name of NAMES) expect(shardsOn(name)).toBe(4);
    await minutes(70);
    for (const name of NAMES) expect([name, await stateOf(name)]).toEqual([name, "ours"]);
    expect(told).toEqual([]);
  });

  it("one that was emptied is found once KV may be believed, and healed", { tags: ["slow"] }, async () => {
    kv("kv-2").values.clear();
    await minutes(3);
    expect(told).toEqual([expect.stringContaining("drive kv-2 was emptied")]);
    await minutes(6);
    expect(shardsOn("kv-2")).toBe(4);
    kv("kv-1").values.clear();
    kv("kv-3").values.clear();
    await rig.clock.advance(2 * KV_SETTLE_MS);
    for (let n = 0; n < 4; n++) await rig.expectBytes(`small/${n}`, BODY, store());
  });

  it("two that were exchanged are told apart from emptied ones, and nothing on them is deleted", async () => {
    const exchanged = () =>
      store(
        new Map([
          ["kv-1", "kv-2"],
          ["kv-2", "kv-1"],
        ]),
      );
    await rig.clock.advance(2 * KV_SETTLE_MS);
    await minutes(2, exchanged);
    expect(told.join()).toContain("in the place of drive kv-1 lies drive kv-2");
    expect(told.join()).not.toContain("emptied");
    expect([shardsOn("kv-1"), shardsOn("kv-2")]).toEqual([4, 4]);
    await rig.clock.advance(2 * KV_SETTLE_MS);
    await minutes(4);
    expect(await stateOf("kv-1")).toBe("ours");
    for (let n = 0; n < 4; n++) await rig.expectBytes(`small/${n}`, BODY, store());
  });
});
