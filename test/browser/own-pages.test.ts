import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser, whyNoBrowser } from "../support/browser.ts";
import { type Sherd, startSherd } from "../support/sherd.ts";

/** An administrator, whose browser knows the key, opens objects that somebody else has written. */
describe.skipIf(whyNoBrowser !== null)(`objects beside own pages (${whyNoBrowser ?? "Chromium"})`, () => {
  let sherd: Sherd;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    sherd = await startSherd();
    browser = await startBrowser();
    const { accessKeyId: username, secretAccessKey: password } = sherd;
    page = await (await browser.newContext({ httpCredentials: { username, password } })).newPage();
    await sherd.client().send(new CreateBucketCommand({ Bucket: "bucket" }));
  });
  afterAll(async () => {
    await browser?.close();
    await sherd?.stop();
  });

  /** What a script in the object could get of an own page. */
  async function attempt(key: string, contentType: string, wrap: (script: string) => string): Promise<string> {
    const script = `
      const tries = [
        fetch("/-/metrics", { credentials: "include" }).then((answer) => answer.text()),
        fetch("/-/metrics", { credentials: "include", mode: "no-cors" }).then((answer) => answer.type),
        fetch("/-/check", { method: "POST", credentials: "include", headers: { "x-sherd-confirm": "1" } }).then((a) => a.status),
      ];
      Promise.allSettled(tries).then((all) => {
        document.documentElement.setAttribute("data-done", JSON.stringify(all.map((one) => one.value ?? "refused")));
      });`;
    const body = wrap(script);
    await sherd
      .client()
      .send(new PutObjectCommand({ Bucket: "bucket", Key: key, Body: body, ContentType: contentType }));
    const url = await getSignedUrl(sherd.client(), new GetObjectCommand({ Bucket: "bucket", Key: key }));
    await page.goto(url);
    await page.waitForSelector("[data-done]", { state: "attached" });
    return (await page.getAttribute("[data-done]", "data-done")) ?? "";
  }

  test("the administrator sees own pages, by address and by link", async () => {
    expect((await page.goto(`${sherd.endpoint}/-/durability`))?.status()).toBe(200);
    expect(await page.content()).toContain("<table>");
    const read = await page.evaluate(() =>
      fetch("/-/metrics")
        .then((answer) => answer.status)
        .catch(() => "refused"),
    );
    // Their own policy lets them connect to nothing.
    expect(read).toBe("refused");
  });

  test("HTML runs its scripts and gets nothing of own pages", async () => {
    const html = (script: string) => `<!doctype html><html><script>${script}</script></html>`;
    expect(JSON.parse(await attempt("page.html", "text/html", html))).toEqual(["refused", "opaque", "refused"]);
    expect(await page.evaluate(() => self.origin)).toBe("null");
  });

  test("neither does SVG", async () => {
    const svg = (script: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[${script}]]></script><text>x</text></svg>`;
    expect(JSON.parse(await attempt("image.svg", "image/svg+xml", svg))).toEqual(["refused", "opaque", "refused"]);
  });

  test("a request that a page of another site makes is refused whatever it brings", async () => {
    const { accessKeyId, secretAccessKey } = sherd;
    const authorization = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64")}`;
    const status = async (headers: Record<string, string>) =>
      (await sherd.raw({ path: "/-/metrics", anonymous: true, headers: { authorization, ...headers } })).status;
    expect(await status({})).toBe(200);
    expect(await status({ "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await status({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await status({ "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" })).toBe(403);
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect(await status({ ...link, "sec-fetch-dest": "document" })).toBe(200);
    expect(await status({ ...link, "sec-fetch-dest": "iframe" })).toBe(403);
  });
});
