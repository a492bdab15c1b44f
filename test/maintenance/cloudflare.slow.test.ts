import { afterAll, beforeAll, expect, it } from "vitest";
import type { DurabilityReport } from "../../src/maintenance/census/durability.ts";
import { pattern } from "../support/store.ts";
import { type Cloudflare, startCloudflare } from "./support/cloudflare.ts";

let cloudflare: Cloudflare;
beforeAll(async () => {
  cloudflare = await startCloudflare();
});
afterAll(() => cloudflare.stop());

it("an R2 bucket that a lifecycle rule emptied is found within two runs of cron, and healed", async () => {
  expect((await cloudflare.request("PUT", "/ruled")).status).toBe(200);
  const bodies = new Map([400_000, 500_000, 600_000].map((size, n) => [`object-${n}`, pattern(size, n)]));
  for (const [key, body] of bodies) expect((await cloudflare.request("PUT", `/ruled/${key}`, body)).status).toBe(200);
  await cloudflare.cron();
  await cloudflare.cron();
  const report = () => cloudflare.own<DurabilityReport>("GET", "durability");
  expect(await report()).toMatchObject({ green: true });
  expect(await cloudflare.emptyBucket("DRIVE_3")).toBeGreaterThan(3);
  expect(await report()).toMatchObject({ green: false });
  await cloudflare.cron();
  expect(cloudflare.log.join()).toContain("drive r2-3 was emptied");
  await cloudflare.cron();
  await expect
    .poll(async () => (await report()).headline, { timeout: 60_000 })
    .toBe("every blob is at full redundancy");
  for (const binding of ["DRIVE_1", "DRIVE_2"]) await cloudflare.emptyBucket(binding);
  for (const [key, body] of bodies) {
    const response = await cloudflare.request("GET", `/ruled/${key}`);
    expect(Buffer.compare(new Uint8Array(await response.arrayBuffer()), body)).toBe(0);
  }
});
