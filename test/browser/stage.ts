import { createServer, type Server } from "node:http";
import { type CORSRule, CreateBucketCommand, PutBucketCorsCommand, type S3Client } from "@aws-sdk/client-s3";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "../support/browser.ts";
import { type Sherd, startSherd } from "../support/sherd.ts";

/** A server, a browser, and pages of an origin that is not the server's. */
export interface Stage {
  readonly sherd: Sherd;
  readonly client: S3Client;
  /** Of the pages: another port, so another origin. */
  readonly origin: string;
  /** Opens a page with this HTML in its body. */
  open(html?: string): Promise<Page>;
  /** A new bucket, with these CORS rules if there are any. */
  bucket(name: string, rules?: CORSRule[]): Promise<string>;
  stop(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const sherd = await startSherd();
  const client = sherd.client();
  const pages = new Map<string, string>();
  const { server, origin } = await servePages(pages);
  const browser: Browser = await startBrowser();
  const context = await browser.newContext();
  return {
    sherd,
    client,
    origin,
    async open(html = "") {
      const path = `/page-${pages.size}`;
      pages.set(path, html);
      const page = await context.newPage();
      await page.goto(origin + path);
      return page;
    },
    async bucket(name, rules) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      if (rules === undefined) return name;
      await client.send(new PutBucketCorsCommand({ Bucket: name, CORSConfiguration: { CORSRules: rules } }));
      return name;
    },
    async stop() {
      await browser.close();
      server.close();
      await sherd.stop();
    },
  };
}

async function servePages(pages: ReadonlyMap<string, string>): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://page").pathname;
    const html = `<!doctype html><meta charset="utf-8"><title>${path}</title>${pages.get(path) ?? ""}`;
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the pages have no port");
  return { server, origin: `http://127.0.0.1:${address.port}` };
}
