import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { createPresignedPost, type PresignedPostOptions } from "@aws-sdk/s3-presigned-post";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../support/browser.ts";
import { signForm } from "../support/form.ts";
import { elementText } from "../support/sherd.ts";
import { pattern } from "../support/store.ts";
import { openStage, type Stage } from "./stage.ts";

/** `${filename}`, which is no template of this language. */
const variable = "$".concat("{filename}");
const file = (name: string, size: number) => ({
  name,
  mimeType: "application/octet-stream",
  buffer: Buffer.from(pattern(size, size + 1)),
});

describe.skipIf(whyNoBrowser !== null)(`a form in a browser (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    await stage.bucket("forms");
  });
  afterAll(() => stage?.stop());

  /** A page with the form and a button; whatever stands behind the file is sent too. */
  const openForm = (url: string, fields: Record<string, string>): Promise<Page> => {
    const inAttribute = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
    const inputs = Object.entries(fields).map(
      ([name, value]) => `<input type="hidden" name="${inAttribute(name)}" value="${inAttribute(value)}">`,
    );
    return stage.open(
      `<form action="${url}" method="post" enctype="multipart/form-data">${inputs.join("")}
         <input type="file" name="file"><input type="submit" name="submit" value="Upload">
       </form>`,
    );
  };
  const presign = (options: Partial<PresignedPostOptions>) =>
    createPresignedPost(stage.client as never, { Bucket: "forms", Key: variable, Expires: 60, ...options });
  const get = async (Key: string) => {
    const { Body, ContentType } = await stage.client.send(new GetObjectCommand({ Bucket: "forms", Key }));
    return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), ContentType };
  };

  test.each([
    ["small.bin", 10],
    ["with a space.bin", 40_000],
    ["größe-日本.bin", 3_000_000],
    ["empty.bin", 0],
  ])("uploads %s and leads to the page that it names", async (name, size) => {
    const done = `${stage.origin}/done`;
    const { url, fields } = await presign({
      Fields: { success_action_redirect: done, "Content-Type": "text/x-from-a-form" },
    });
    const page = await openForm(url, fields);
    await page.setInputFiles("input[type=file]", file(name, size));
    await page.click("input[type=submit]");
    await page.waitForURL(`${done}?**`);
    const found = new URL(page.url()).searchParams;
    expect([found.get("bucket"), found.get("key")]).toEqual(["forms", name]);
    expect(found.get("etag")).toMatch(/^"[0-9a-f]{32}"$/);
    const stored = await get(name);
    expect(stored.bytes.equals(file(name, size).buffer)).toBe(true);
    expect(stored.ContentType).toBe("text/x-from-a-form");
    await page.close();
  });

  test("signed with Version 2 uploads and shows the document that it asks for", async () => {
    const { accessKeyId, secretAccessKey: secret, endpoint } = stage.sherd;
    const conditions = [{ bucket: "forms" }, { key: "v2" }, { success_action_status: "201" }];
    const signed = signForm({ accessKeyId, secret, nowMs: Date.now(), conditions, version2: true });
    const page = await openForm(`${endpoint}/forms`, { key: "v2", success_action_status: "201", ...signed });
    await page.setInputFiles("input[type=file]", file("x", 100));
    const answered = page.waitForResponse(`${endpoint}/forms`);
    await page.click("input[type=submit]");
    const answer = await answered;
    expect([answer.status(), elementText(await answer.text(), "Key")]).toEqual([201, "v2"]);
    expect((await get("v2")).bytes).toHaveLength(100);
    await page.close();
  });

  test("against its policy uploads nothing and says why", async () => {
    const { url, fields } = await presign({ Key: "limited", Conditions: [["content-length-range", 0, 1000]] });
    for (const size of [1001, 5_000_000]) {
      const page = await openForm(url, fields);
      await page.setInputFiles("input[type=file]", file("x", size));
      const answered = page.waitForResponse(url);
      await page.click("input[type=submit]");
      const answer = await answered;
      expect([answer.status(), elementText(await answer.text(), "Code")]).toEqual([400, "EntityTooLarge"]);
      await page.close();
    }
    const listed = await stage.client.send(new ListObjectsV2Command({ Bucket: "forms", Prefix: "limited" }));
    expect(listed.KeyCount).toBe(0);
  });
});
