import { expect, it } from "vitest";
import { ownPages } from "../../src/admin/pages.ts";
import { anonymousCaller } from "../../src/auth/caller.ts";
import { CostMeter } from "../../src/metadata/database.ts";
import { buildStore, openTestStore } from "../support/store.ts";

const caller = anonymousCaller({ context: () => undefined, now: () => 0 });

it.each(["durability", "metrics", "check", "run"])("%s says it where the metadata do not answer", async (name) => {
  const rig = await openTestStore();
  const { drives, d1, store } = rig;
  let isDown = true;
  const batch = (...call: Parameters<D1Database["batch"]>) =>
    isDown ? Promise.reject(new Error("D1_ERROR: the network was lost")) : d1.batch(...call);
  const decorateD1 = () => ({ prepare: (sql: string) => d1.prepare(sql), batch }) as unknown as D1Database;
  const broken = buildStore({ drives, engine: store.engine, d1, decorateD1 });
  const pages = ownPages(broken, { drives: new Map(), cost: new CostMeter(), requests: () => [] });
  const page = pages.get(name)![0]!;
  const about = { headers: new Headers(), tlsVersion: null, path: {} };
  const asked = { accept: "application/json", query: new URLSearchParams(), body: new Uint8Array(0), caller, ...about };
  expect(await page.render(asked)).toMatchObject({ status: 503, body: "the metadata do not answer\n" });
  isDown = false;
  expect((await page.render(asked)).status ?? 200).toBe(200);
  await rig.dispose();
});
