import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteBucketCommand, DeleteObjectCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleServer, type ConsoleStage, openConsoleOn } from "./console-stage.ts";
import { startWranglerDev } from "./wrangler-dev.ts";

describe.skipIf(whyNoBrowser !== null)(`the console under wrangler dev (${whyNoBrowser ?? "Chromium"})`, () => {
  const Bucket = `console-${Date.now()}`;
  let stage: ConsoleStage<ConsoleServer>;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sherd-console-"));
    stage = await openConsoleOn(await startWranglerDev());
  });
  afterAll(async () => {
    // What wrangler dev stores it keeps.
    await stage?.client.send(new DeleteObjectCommand({ Bucket, Key: "hello.txt" })).catch(() => {});
    await stage?.client.send(new DeleteBucketCommand({ Bucket })).catch(() => {});
    await stage?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test("signs in, makes a bucket, uploads and lists", async () => {
    const page = await stage.open();
    await stage.signIn(page);
    await page.getByRole("button", { name: "Create bucket" }).click();
    await page.getByLabel("Name").fill(Bucket);
    await page.getByRole("dialog").getByRole("button", { name: "Create bucket" }).click();
    await page.getByText("There is nothing here yet.").waitFor();
    await writeFile(join(folder, "hello.txt"), "Hello\n");
    await page.getByTestId("files").setInputFiles(join(folder, "hello.txt"));
    await page.getByRole("dialog").getByRole("button", { name: "Upload" }).click();
    await page.getByRole("link", { name: "hello.txt" }).waitFor();
    const { Body } = await stage.client.send(new GetObjectCommand({ Bucket, Key: "hello.txt" }));
    expect(await Body?.transformToString()).toBe("Hello\n");
    stage.calm();
  });
});
