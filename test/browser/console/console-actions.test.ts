import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleStage, closeByEscape, listing, openConsole } from "./console-stage.ts";

const MIB = 1024 ** 2;

describe.skipIf(whyNoBrowser !== null)(`what can be done with objects (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let page: Page;
  let folder: string;
  beforeAll(async () => {
    stage = await openConsole();
    folder = await mkdtemp(join(tmpdir(), "sherd-console-"));
    for (const Bucket of ["desk", "shelf", "dropped", "paused"])
      await stage.client.send(new CreateBucketCommand({ Bucket }));
    await stage.client.send(new CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
    page = await stage.open();
    await stage.signIn(page);
  });
  afterAll(async () => {
    await stage?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const put = (Bucket: string, Key: string, Body: string | Uint8Array, ContentType = "text/plain") =>
    stage.client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType }));
  const keysOf = async (Bucket: string) =>
    ((await stage.client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);
  const read = async (Bucket: string, Key: string) => {
    const { Body } = await stage.client.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  const dialog = () => page.getByRole("dialog");
  const link = (name: string) => page.getByRole("link", { name, exact: true });
  const act = async (name: string, action: string) => {
    await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
    await page.getByRole("menuitem", { name: action, exact: true }).click();
  };

  test("files and folders that are dropped on the page are uploaded with their paths", async () => {
    await mkdir(join(folder, "trip/day 1"), { recursive: true });
    await writeFile(join(folder, "trip/plan.txt"), "walk");
    await writeFile(join(folder, "trip/day 1/ä.txt"), "rest");
    await writeFile(join(folder, "alone.txt"), "alone");
    await stage.go(page, listing("dropped"));
    await page.getByText("There is nothing here yet.").waitFor();
    // As the system drops them, which no script of a page can do.
    const devtools = await page.context().newCDPSession(page);
    const data = { items: [], files: [join(folder, "trip"), join(folder, "alone.txt")], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await devtools.send("Input.dispatchDragEvent", { type, x: 600, y: 400, data });
    await dialog().getByText("trip/day 1/ä.txt").waitFor();
    await dialog().getByRole("button", { name: "Upload" }).click();
    await page.getByText("Nothing is running").waitFor();
    expect(await keysOf("dropped")).toEqual(["alone.txt", "trip/day 1/ä.txt", "trip/plan.txt"]);
    expect(String(await read("dropped", "trip/day 1/ä.txt"))).toBe("rest");
    await page.getByRole("button", { name: "Clear" }).click();
    stage.calm();
  });

  test("an object is found by the beginning of its name, renamed, copied and moved", async () => {
    for (const name of ["apple", "apricot", "banana"]) await put("desk", `fruit/${name}`, name);
    await stage.go(page, listing("desk", { prefix: "fruit/" }));
    await link("banana").waitFor();
    await page.getByRole("searchbox").fill("ap");
    await link("banana").waitFor({ state: "detached" });
    await page.getByText("2 entries").waitFor();
    await act("apple", "Rename …");
    await dialog().getByLabel("New name").fill("fruit/<pear> & co");
    await dialog().getByRole("button", { name: "Rename" }).click();
    await link("apple").waitFor({ state: "detached" });
    expect(await keysOf("desk")).toEqual(["fruit/<pear> & co", "fruit/apricot", "fruit/banana"]);
    await act("apricot", "Copy or move …");
    await dialog().getByLabel("To bucket").fill("shelf");
    await dialog().getByRole("button", { name: "Copy", exact: true }).click();
    await dialog().waitFor({ state: "detached" });
    // The way up leaves the search.
    await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "desk" }).click();
    await link("fruit/").click();
    await act("banana", "Copy or move …");
    await dialog().getByLabel("To bucket").fill("shelf");
    await dialog().getByText("Delete the source afterwards (move)").click();
    await dialog().getByRole("button", { name: "Move", exact: true }).click();
    await link("banana").waitFor({ state: "detached" });
    expect([await keysOf("desk"), await keysOf("shelf")]).toEqual([
      ["fruit/<pear> & co", "fruit/apricot"],
      ["fruit/apricot", "fruit/banana"],
    ]);
    stage.calm();
  });

  test("a listing is sorted by size, and a search ends when its address does", async () => {
    for (const size of [30, 10, 20]) await put("shelf", `by-size/${size}`, "x".repeat(size));
    await stage.go(page, listing("shelf", { prefix: "by-size/" }));
    await page.getByRole("button", { name: "Size" }).click();
    const names = () => page.locator(".object-rows a").allTextContents();
    await expect.poll(names).toEqual(["30", "20", "10"]);
    await page.getByRole("button", { name: "Size" }).click();
    await expect.poll(names).toEqual(["10", "20", "30"]);
    await stage.go(page, listing("shelf", { prefix: "by-size/", find: "2" }));
    await expect.poll(names).toEqual(["20"]);
    expect(await page.getByRole("searchbox").inputValue()).toBe("2");
    await stage.go(page, listing("shelf", { prefix: "by-size/" }));
    await page.getByText("3 entries").waitFor();
    await expect.poll(() => page.getByRole("searchbox").inputValue()).toBe("");
  });

  test("tags, retention and legal hold are set", async () => {
    await put("locked", "deed", "mine");
    const ref = { Bucket: "locked", Key: "deed" };
    await stage.go(page, listing("locked", { key: "deed", tab: "tags" }));
    await dialog().getByRole("button", { name: "Add a tag" }).click();
    await dialog().getByLabel("Name", { exact: true }).fill("kind");
    await dialog().getByLabel("Value", { exact: true }).fill("paper");
    await dialog().getByRole("button", { name: "Save" }).click();
    await page.getByText("Tags saved").waitFor();
    expect((await stage.client.send(new GetObjectTaggingCommand(ref))).TagSet).toEqual([
      { Key: "kind", Value: "paper" },
    ]);
    await dialog().getByRole("tab", { name: "Protection" }).click();
    await dialog().getByText("There is no retention on this version.").waitFor();
    await dialog().getByText("Legal hold").click();
    const hold = async () => (await stage.client.send(new GetObjectLegalHoldCommand(ref))).LegalHold?.Status;
    await expect.poll(() => hold().catch(() => "none")).toBe("ON");
    await dialog().getByRole("button", { name: "Set retention" }).click();
    await dialog().getByLabel("Until").fill("2099-12-31T12:00");
    await dialog().getByRole("button", { name: "Save" }).click();
    await dialog()
      .getByText(/^GOVERNANCE, until /)
      .waitFor();
    const { Retention } = await stage.client.send(new GetObjectRetentionCommand(ref));
    expect([Retention?.Mode, Retention?.RetainUntilDate?.getFullYear()]).toEqual(["GOVERNANCE", 2099]);
    stage.calm();
  });

  test("an object is downloaded under its name, and a picture is shown", async () => {
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    await put("desk", "a b & ü.png", png, "image/png");
    await stage.go(page, listing("desk", { key: "a b & ü.png" }));
    const width = () => page.evaluate("document.querySelector('img.preview-media')?.naturalWidth");
    await expect.poll(width).toBe(1);
    const saving = page.waitForEvent("download");
    await dialog().getByRole("button", { name: "Download" }).click();
    const saved = await saving;
    expect([saved.suggestedFilename(), (await readFile(await saved.path())).equals(png)]).toEqual([
      "a b & ü.png",
      true,
    ]);
    await closeByEscape(page);
    stage.calm();
  });

  test("a link for uploads takes one object from whoever has it", async () => {
    await stage.go(page, listing("shelf"));
    await page.getByRole("button", { name: "Link for uploads" }).click();
    await dialog().getByLabel("Name, with its prefix").fill("from/a stranger.txt");
    await dialog().getByRole("button", { name: "Create link" }).click();
    const command = await dialog().getByLabel("Link", { exact: true }).inputValue();
    const url = /'(.*)'/.exec(command)?.[1] ?? "";
    // A link to another name than the one that stands there now would mislead.
    await dialog().getByLabel("Name, with its prefix").fill("from/another.txt");
    await dialog().getByLabel("Link", { exact: true }).waitFor({ state: "detached" });
    expect((await fetch(url, { method: "PUT", body: "hello" })).status).toBe(200);
    expect(String(await read("shelf", "from/a stranger.txt"))).toBe("hello");
    expect((await fetch(url.replace("stranger", "friend"), { method: "PUT", body: "no" })).status).toBe(403);
    await closeByEscape(page);
    stage.calm();
  });

  test("an upload is paused, goes on, and is whole; another is cancelled, and nothing of it stays", async () => {
    const bytes = randomBytes(33 * MIB);
    await writeFile(join(folder, "paused.bin"), bytes);
    await stage.go(page, listing("paused"));
    const held = /paused\.bin\?.*partNumber=2/;
    await page.route(held, () => {});
    const begun = page.waitForRequest(held);
    await page.getByTestId("files").setInputFiles(join(folder, "paused.bin"));
    await dialog().getByRole("button", { name: "Upload" }).click();
    await begun;
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/^paused, /).waitFor();
    await page.unroute(held);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Nothing is running").waitFor();
    const sha256 = (of: Uint8Array) => createHash("sha256").update(of).digest("hex");
    expect(sha256(await read("paused", "paused.bin"))).toBe(sha256(bytes));
    await page.getByRole("button", { name: "Clear" }).click();
    await writeFile(join(folder, "paused.bin"), randomBytes(33 * MIB));
    await page.route(held, () => {});
    await page.getByText("1 entry").waitFor();
    await page.getByTestId("files").setInputFiles(join(folder, "paused.bin"));
    await dialog().getByText("Replace objects of the same name").click();
    const again = page.waitForRequest(held);
    await dialog().getByRole("button", { name: "Upload" }).click();
    await again;
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText(/^cancelled, /).waitFor();
    await page.unroute(held);
    await expect.poll(() => page.getByRole("heading", { name: "Unfinished uploads" }).count()).toBe(0);
    expect(sha256(await read("paused", "paused.bin"))).toBe(sha256(bytes));
    stage.calm();
  });
});
