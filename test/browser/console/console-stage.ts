import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { startBrowser } from "../../support/browser.ts";
import { startServer, type TestServer } from "../../support/server.ts";

/** A pair that signs in. */
export interface Pair {
  accessKeyId: string;
  secretAccessKey: string;
}

/** `npm start` with its console in a real browser. */
export interface ConsoleStage {
  readonly server: TestServer;
  readonly client: S3Client;
  /** A tab of a browser of its own, on the page of sign-in. Whatever breaks the policy of the page or throws in it fails `calm`. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** Types a pair, by default root's, and waits for the buckets. */
  signIn(page: Page, pair?: Pair): Promise<void>;
  /** A page of the console, by what stands behind the `#`. */
  go(page: Page, path: string): Promise<void>;
  /** Asserts that no page threw, and that none asked for what its policy forbids. */
  calm(): void;
  stop(): Promise<void>;
}

export async function openConsole(): Promise<ConsoleStage> {
  const server = await startServer();
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  const browser: Browser = await startBrowser();
  const troubles: string[] = [];
  const origin = `${endpoint}/-/console/`;
  return {
    server,
    client,
    async open(options = {}) {
      const context = await browser.newContext({ locale: "en-GB", ...options });
      await context.addInitScript(TELL_VIOLATIONS);
      const page = await context.newPage();
      page.on("pageerror", (error) => troubles.push(error.stack ?? error.message));
      page.on("console", (message) => message.text().startsWith("policy: ") && troubles.push(message.text()));
      page.on("dialog", (dialog) => {
        // A page that asks whether to leave is told yes; no other dialog may come up.
        if (dialog.type() !== "beforeunload") troubles.push(`dialog: ${dialog.message()}`);
        dialog.accept().catch(() => {});
      });
      await page.goto(origin);
      return page;
    },
    async signIn(page, pair = credentials) {
      await page.getByLabel("Access key").fill(pair.accessKeyId);
      await page.getByLabel("Secret key").fill(pair.secretAccessKey);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { name: "Buckets" }).waitFor();
    },
    async go(page, path) {
      await page.goto(`${origin}#${path}`);
    },
    calm: () => expect(troubles).toEqual([]),
    async stop() {
      client.destroy();
      await browser.close();
      await server.stop();
    },
  };
}

/** Address of a listing. */
export function listing(bucket: string, more: Record<string, string> = {}): string {
  return `/objects?${new URLSearchParams({ bucket, ...more })}`;
}

/** What axe finds against WCAG 2.2 AA, a line each. Other colours of a page that was looked at differ in their contrast alone. */
export async function violations(page: Page, name: string, looksAt: "all" | "contrast" = "all"): Promise<string[]> {
  await stand(page);
  const axe = new AxeBuilder({ page });
  if (looksAt === "contrast") axe.withRules(["color-contrast"]);
  else axe.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
  const found = (await axe.analyze()).violations;
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${name}: ${id}: ${html.slice(0, 200)}`));
}

/** Waits until nothing on the page is being loaded or moves: axe must not look half way. */
async function stand(page: Page): Promise<void> {
  // Not by `waitForFunction`: it compiles its text in the page, whose policy forbids that.
  const stands = `document.querySelector(".loading") === null &&
    document.getAnimations().every(({ playState, effect }) =>
      playState !== "running" || effect.getComputedTiming().endTime === Infinity)`;
  await expect.poll(() => page.evaluate(stands), { timeout: 10_000 }).toBe(true);
}

/** Runs in the page. */
const TELL_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) => {
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI);
});`;

const SHOTS = join(import.meta.dirname, "../../../docs/console");

/** Keeps a picture for the documents, if `SHERD_CONSOLE_SHOTS` is set. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.SHERD_CONSOLE_SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
