import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser, whyNoBrowser } from "../support/browser.ts";
import { type Sherd, startSherd } from "../support/sherd.ts";

/** A website in a bucket, in the browser of somebody who knows the server's key. */
describe.skipIf(whyNoBrowser !== null)(`a website (${whyNoBrowser ?? "Chromium"})`, () => {
  let sherd: Sherd;
  let browser: Browser;
  let page: Page;
  let home: string;
  beforeAll(async () => {
    sherd = await startSherd({ SHERD_WEBSITE_DOMAIN: "website.localhost" });
    browser = await startBrowser();
    const { accessKeyId: username, secretAccessKey: password } = sherd;
    page = await (await browser.newContext({ httpCredentials: { username, password } })).newPage();
    home = `http://site.website.localhost:${new URL(sherd.endpoint).port}`;
    const s3 = sherd.client();
    await s3.send(new CreateBucketCommand({ Bucket: "site" }));
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "site" }));
    const allow = { Effect: "Allow", Principal: "*" };
    const Statement = [
      { ...allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::site/*" },
      { ...allow, Action: "s3:ListBucket", Resource: "arn:aws:s3:::site" },
    ];
    await s3.send(
      new PutBucketPolicyCommand({ Bucket: "site", Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
    );
    const WebsiteConfiguration = { IndexDocument: { Suffix: "index.html" }, ErrorDocument: { Key: "error.html" } };
    await s3.send(new PutBucketWebsiteCommand({ Bucket: "site", WebsiteConfiguration }));
    const write = (Key: string, ContentType: string, Body: string) =>
      s3.send(new PutObjectCommand({ Bucket: "site", Key, ContentType, Body }));
    await write(
      "index.html",
      "text/html",
      `<title>Home</title><script src="/app.js"></script><a href="/docs">docs</a> <a href="/gone">gone</a>`,
    );
    await write("app.js", "text/javascript", `document.title += " with script";`);
    await write("docs/index.html", "text/html", "<title>Docs</title>");
    await write("error.html", "text/html", "<title>Lost</title>");
  });
  afterAll(async () => {
    await browser?.close();
    await sherd?.stop();
  });

  test("is followed from link to link, with its scripts", async () => {
    await page.goto(`${home}/`);
    expect(await page.title()).toBe("Home with script");
    // A click resolves when the next page has begun, and its title may not have been read yet.
    const shown = async () => [await page.title(), page.url()];
    await page.click("text=docs");
    await expect.poll(shown).toEqual(["Docs", `${home}/docs/`]);
    await page.goBack();
    await page.click("text=gone");
    await expect.poll(shown).toEqual(["Lost", `${home}/gone`]);
    expect((await page.goto(`${home}/gone`))?.status()).toBe(404);
  });

  test("has none of the server's pages on its host, and reads none on the server's", async () => {
    await page.goto(`${home}/`);
    const script = `Promise.all([
      fetch("/-/metrics", { credentials: "include" }).then((answer) => answer.status),
      fetch("${sherd.endpoint}/-/metrics", { credentials: "include" }).then((answer) => answer.status, () => "refused"),
    ])`;
    expect(await page.evaluate(script)).toEqual([404, "refused"]);
  });
});
