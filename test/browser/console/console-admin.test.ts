import { CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleStage, heading, openConsole, type PageCase, tab, violationsEverywhere } from "./console-stage.ts";

const PAGES: PageCase[] = [
  ["operations", "/operations", (page) => page.locator("canvas").first()],
  ["bucket", "/bucket?bucket=holiday", tab("Overview")],
  ...["Permissions", "Protection", "Lifecycle", "CORS", "Website", "Tags"].map((name): PageCase => {
    const id = name.toLowerCase();
    return [id, `/bucket?bucket=holiday&tab=${id}`, tab(name)];
  }),
  ["events", "/bucket?bucket=holiday&tab=events", tab("Notifications")],
  ["queues", "/queues", heading("Queues")],
];
const HOSTILE_TAG = { Key: "שלום a:b/c", Value: "=1+2 @عربى" };

describe.skipIf(whyNoBrowser !== null)(`buckets, queues, operations (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let page: Page;
  beforeAll(async () => {
    stage = await openConsole();
    await stage.client.send(new CreateBucketCommand({ Bucket: "holiday" }));
    await stage.client.send(new PutObjectCommand({ Bucket: "holiday", Key: "tmp/a", Body: "x".repeat(1000) }));
    const { endpoint, accessKeyId, secretAccessKey } = stage.server;
    const iam = new IAMClient({ endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
    // Somebody about whom the simulator is asked.
    await iam.send(new CreateUserCommand({ UserName: "ann" }));
    iam.destroy();
    page = await stage.open();
    await stage.signIn(page);
  });
  afterAll(() => stage?.stop());

  const button = (name: string) => page.getByRole("button", { name, exact: true });
  /** Waits for what is said, and closes it, so that the next is not taken for it. */
  const closed = async (said: string) => {
    const toast = page.getByRole("alertdialog").filter({ hasText: said });
    await toast.waitFor();
    // Unless it has gone by itself by now.
    await toast
      .getByRole("button", { name: "Close" })
      .click({ timeout: 10_000 })
      .catch(() => {});
    await toast.waitFor({ state: "detached" });
  };
  const saved = () => closed("Saved.");

  test("a bucket is made with its options, and deleted with all that is in it", async () => {
    await stage.go(page, "/");
    await button("Create bucket").click();
    await page.getByLabel("Name", { exact: true }).fill("made-here");
    await page.getByText("Versioning", { exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Create bucket" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await stage.client.send(new PutObjectCommand({ Bucket: "made-here", Key: "a b/<c>\u0001", Body: "1" }));
    await stage.client.send(new PutObjectCommand({ Bucket: "made-here", Key: "a b/<c>\u0001", Body: "2" }));
    await stage.go(page, "/bucket?bucket=made-here&tab=protection");
    await page.getByText("Versioning is on.").waitFor();
    await stage.go(page, "/");
    await button("Actions for made-here").click();
    await page.getByRole("menuitem", { name: "Delete bucket" }).click();
    const submit = page.getByRole("dialog").getByRole("button", { name: "Delete bucket" });
    expect(await submit.isDisabled()).toBe(true);
    await page.getByRole("dialog").getByLabel("Name").fill("made-here");
    await submit.click();
    await page.getByRole("link", { name: "made-here" }).waitFor({ state: "detached" });
    stage.calm();
  });

  test("settings are read and written: tags, CORS, lifecycle's preview, quota, who can", async () => {
    await stage.client.send(new PutBucketTaggingCommand({ Bucket: "holiday", Tagging: { TagSet: [HOSTILE_TAG] } }));
    await stage.go(page, "/bucket?bucket=holiday&tab=tags");
    await expect.poll(() => page.getByLabel("Key", { exact: true }).inputValue()).toBe(HOSTILE_TAG.Key);
    expect(await page.getByLabel("Value", { exact: true }).inputValue()).toBe(HOSTILE_TAG.Value);
    await button("Save").click();
    await saved();
    await stage.go(page, "/bucket?bucket=holiday&tab=cors");
    await page.getByRole("textbox", { name: "CORS" }).waitFor();
    await button("Save").click();
    await saved();
    const { CORSRules } = await stage.client.send(new GetBucketCorsCommand({ Bucket: "holiday" }));
    expect(CORSRules?.[0]).toMatchObject({ AllowedOrigins: ["https://www.example.com"], MaxAgeSeconds: 3600 });
    await page.route(/holiday\?cors=/, (route) =>
      route.request().method() === "DELETE" ? route.fulfill({ status: 403, body: "" }) : route.continue(),
    );
    await button("Remove the configuration").click();
    await closed("You may not do this.");
    await page.unroute(/holiday\?cors=/);
    await button("Remove the configuration").click();
    await button("Remove the configuration").waitFor({ state: "detached" });
    await stage.go(page, "/bucket?bucket=holiday&tab=lifecycle");
    await button("Preview what the rules would do").click();
    await page.getByText("entries looked at, nothing changed").waitFor();
    await stage.go(page, "/bucket?bucket=holiday&tab=overview");
    await page.getByLabel("Bytes, hard").fill("5000");
    await button("Save").click();
    await saved();
    await stage.go(page, "/bucket?bucket=holiday&tab=permissions");
    await button("Ask").click();
    await page.getByText("not allowed by any statement").waitFor();
    stage.calm();
  });

  test("a queue is made, filled, looked into and purged", async () => {
    await stage.go(page, "/queues");
    await button("Create queue").click();
    await page.getByLabel("Name", { exact: true }).fill("jobs");
    await page.getByRole("dialog").getByRole("button", { name: "Create queue" }).click();
    await page.getByLabel("Message", { exact: true }).fill("<img src=x onerror=alert(1)> \u202e");
    await button("Send a message").click();
    await page.getByText("Sent.", { exact: true }).waitFor();
    await button("Look at messages").click();
    await page.getByRole("cell", { name: "<img src=x onerror=alert(1)>" }).waitFor();
    await button("Purge queue").click();
    await page.getByRole("dialog").getByLabel("Name").fill("jobs");
    await page.getByRole("dialog").getByRole("button", { name: "Purge queue" }).click();
    await page.getByText("The queue was purged.").waitFor();
    stage.calm();
  });

  test("charts are painted again when the system's theme changes", async () => {
    await page.emulateMedia({ colorScheme: "light" });
    await stage.go(page, "/operations");
    await expect.poll(() => page.locator("canvas").count()).toBe(3);
    await page.evaluate("document.querySelectorAll('canvas').forEach((canvas) => canvas.classList.add('light'))");
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(() => page.locator("canvas:not(.light)").count()).toBe(3);
    expect(await page.locator("canvas").count()).toBe(3);
  });

  test.each(PAGES)("axe finds nothing, light and dark, wide and 360 px: %s", async (...shown) => {
    expect(await violationsEverywhere(stage, page, shown)).toEqual([]);
    stage.calm();
  });

  test("axe finds nothing on the page of a queue", async () => {
    const url = `${stage.server.endpoint}/100000000001/jobs`;
    const shown = (tab: Page) => tab.getByRole("heading", { name: "Send a message" });
    const found = await violationsEverywhere(stage, page, ["queue", `/queue?${new URLSearchParams({ url })}`, shown]);
    expect(found).toEqual([]);
    stage.calm();
  });

  test("operations tell that all is well", async () => {
    await stage.go(page, "/operations");
    await page.getByText("Every blob is at full redundancy.").waitFor();
    stage.calm();
  });
});
