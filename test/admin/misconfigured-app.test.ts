import { afterEach, expect, test } from "vitest";
import { elementText, type Sherd, startSherd } from "../support/sherd.ts";

/** Nothing is asserted of times: this only ends what would hang. */
const patiently = { timeout: 30_000 };

let sherd: Sherd | undefined;
afterEach(() => sherd?.stop());

test("without a root key every request is told which secrets to set", { tags: ["slow"] }, async () => {
  sherd = await startSherd({ SHERD_SECRET_ACCESS_KEY: "" });
  for (const anonymous of [true, false]) {
    const { status, text } = await sherd.raw({ path: "/bucket", anonymous });
    expect([status, elementText(text, "Code")]).toEqual([503, "ServiceUnavailable"]);
    expect(elementText(text, "Message")).toContain("SHERD_ACCESS_KEY_ID and SHERD_SECRET_ACCESS_KEY");
  }
  expect((await sherd.raw({ path: "/-/health", anonymous: true })).status).toBe(200);
});

test("drives that cannot be used are named in the log, and to nobody else", async () => {
  sherd = await startSherd({ SHERD_DRIVES: '[{ "name": "one", "type": "floppy" }]' });
  const { status, text } = await sherd.raw({ path: "/bucket" });
  expect([status, elementText(text, "Code")]).toEqual([503, "ServiceUnavailable"]);
  expect(text).not.toContain("floppy");
  const health = await sherd.raw({ path: "/-/health", anonymous: true });
  expect([health.status, JSON.parse(health.text)]).toEqual([503, { status: "misconfigured", mend: ["SHERD_DRIVES"] }]);
  await expect
    .poll(() => sherd?.log.some((line) => line.includes("SHERD_DRIVES cannot be used")), patiently)
    .toBe(true);
});
