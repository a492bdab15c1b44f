import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../support/browser.ts";
import { elementText } from "../support/sherd.ts";
import { pattern } from "../support/store.ts";
import { openStage, type Stage } from "./stage.ts";

/** What a page sends, as far as it can be told to one. */
interface PageRequest {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  /** The body is this text, so often. */
  text?: string;
  times?: number;
  /** The body is a form with these fields and the text as its file. */
  fields?: Record<string, string>;
}
/** What the page could read of the answer, or that the browser kept it from the page. */
type PageAnswer = { status: number; headers: Record<string, string>; body: string } | "refused by the browser";

describe.skipIf(whyNoBrowser !== null)(`a page of another origin (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: Stage;
  let page: Page;
  beforeAll(async () => {
    stage = await openStage();
    await stage.bucket("shared", [
      {
        AllowedOrigins: [stage.origin],
        AllowedMethods: ["GET", "PUT", "POST", "HEAD"],
        AllowedHeaders: ["content-type", "range", "x-amz-*"],
        ExposeHeaders: ["ETag", "Content-Range", "x-amz-request-id"],
      },
    ]);
    await stage.bucket("closed");
    await stage.bucket("readable", [{ AllowedOrigins: ["*"], AllowedMethods: ["GET"] }]);
    await stage.bucket("elsewhere", [{ AllowedOrigins: ["https://page.example"], AllowedMethods: ["GET", "PUT"] }]);
    for (const Bucket of ["shared", "closed", "readable", "elsewhere"]) {
      await stage.client.send(new PutObjectCommand({ Bucket, Key: "text", Body: "0123456789" }));
      await stage.client.send(new PutObjectCommand({ Bucket, Key: "large", Body: pattern(2_000_000) }));
    }
    page = await stage.open();
  });
  afterAll(() => stage?.stop());

  const send = (request: PageRequest): Promise<PageAnswer> =>
    page.evaluate(async ({ url, method = "GET", headers = {}, text, times = 1, fields }) => {
      const content = text === undefined ? undefined : text.repeat(times);
      const form = new FormData();
      for (const [name, value] of Object.entries(fields ?? {})) form.append(name, value);
      if (fields) form.append("file", new Blob([content ?? ""]), "file.txt");
      try {
        const body = fields ? form : content;
        const answer = await fetch(url, {
          method,
          headers,
          cache: "no-store",
          ...(body === undefined ? {} : { body }),
        });
        return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
      } catch (error) {
        if (error instanceof TypeError) return "refused by the browser" as const;
        throw error;
      }
    }, request);
  const getUrl = (Bucket: string, Key: string, expiresIn = 60) =>
    getSignedUrl(stage.client, new GetObjectCommand({ Bucket, Key }), { expiresIn });
  const putUrl = (Bucket: string, Key: string) => getSignedUrl(stage.client, new PutObjectCommand({ Bucket, Key }));
  const size = async (Bucket: string, Key: string) =>
    (await stage.client.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength;

  test("reads by a presigned URL, and by range", async () => {
    const url = await getUrl("shared", "text");
    const whole = await send({ url });
    expect(whole).toMatchObject({
      status: 200,
      body: "0123456789",
      headers: { etag: expect.stringMatching(/^".+"$/) },
    });
    const part = await send({ url, headers: { range: "bytes=3-5" } });
    expect(part).toMatchObject({ status: 206, body: "345", headers: { "content-range": "bytes 3-5/10" } });
    const several = await send({ url: await getUrl("shared", "large"), headers: { range: "bytes=1999990-" } });
    expect(several).toMatchObject({ status: 206, headers: { "content-range": "bytes 1999990-1999999/2000000" } });
  });

  test("writes by a presigned URL, after a preflight", async () => {
    const url = await putUrl("shared", "written");
    const headers = { "content-type": "application/x-of-a-page", "x-amz-meta-by": "page" };
    // SigV4 must cover the metadata, so the URL carries it.
    const signed = await getSignedUrl(
      stage.client,
      new PutObjectCommand({ Bucket: "shared", Key: "written", Metadata: { by: "page" } }),
      { unhoistableHeaders: new Set(["x-amz-meta-by"]) },
    );
    const answer = await send({ url: signed, method: "PUT", headers, text: "0123456789", times: 150_000 });
    expect(answer).toMatchObject({ status: 200, headers: { etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) } });
    const head = await stage.client.send(new HeadObjectCommand({ Bucket: "shared", Key: "written" }));
    expect(head).toMatchObject({
      ContentLength: 1_500_000,
      ContentType: "application/x-of-a-page",
      Metadata: { by: "page" },
    });
    // A header that the rule does not allow.
    expect(await send({ url, method: "PUT", headers: { "x-other": "x" }, text: "x" })).toBe("refused by the browser");
    expect(await size("shared", "written")).toBe(1_500_000);
  });

  test("uploads by a form of its script", async () => {
    const { url, fields } = await createPresignedPost(stage.client as never, {
      Bucket: "shared",
      Key: "by-script",
      Fields: { success_action_status: "201" },
    });
    const answer = await send({ url, method: "POST", fields, text: "0123456789", times: 100_000 });
    expect(answer).toMatchObject({ status: 201, body: expect.stringContaining("<Key>by-script</Key>") });
    expect(await size("shared", "by-script")).toBe(1_000_000);
  });

  test("reads why it is refused", async () => {
    const absent = await send({ url: await getUrl("shared", "absent") });
    expect(absent).toMatchObject({ status: 404, headers: { "x-amz-request-id": expect.any(String) } });
    const forged = await send({ url: `${await getUrl("shared", "text")}0` });
    if (forged === "refused by the browser") throw new Error(forged);
    expect([forged.status, elementText(forged.body, "Code")]).toEqual([403, "SignatureDoesNotMatch"]);
  });

  test("reads nothing and writes nothing where no rule allows it", async () => {
    for (const bucket of ["closed", "elsewhere"]) {
      expect(await send({ url: await getUrl(bucket, "text") })).toBe("refused by the browser");
      const url = await putUrl(bucket, "text");
      expect(await send({ url, method: "PUT", text: "overwritten" })).toBe("refused by the browser");
      expect(await size(bucket, "text")).toBe(10);
    }
  });

  test("does what a rule for all origins allows, and no more", async () => {
    expect(await send({ url: await getUrl("readable", "text") })).toMatchObject({ status: 200, body: "0123456789" });
    const url = await putUrl("readable", "text");
    expect(await send({ url, method: "PUT", text: "overwritten" })).toBe("refused by the browser");
    expect(await size("readable", "text")).toBe(10);
  });
});
