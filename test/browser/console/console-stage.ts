import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { startBrowser } from "../../support/browser.ts";
import { type ServerOptions, startServer, type TestServer } from "../../support/server.ts";

/** A pair that signs in. */
export interface Pair {
  accessKeyId: string;
  secretAccessKey: string;
}

/** What of a server is needed. */
export interface ConsoleServer extends Pair {
  readonly endpoint: string;
  stop(): Promise<unknown>;
}

/** A server, `npm start` unless it is another, with its console in a real browser. */
export interface ConsoleStage<Server extends ConsoleServer = TestServer> {
  readonly server: Server;
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

export async function openConsole(options: ServerOptions = {}): Promise<ConsoleStage> {
  return openConsoleOn(await startServer(options));
}

/** The console of a server that runs, which is stopped with the stage. */
export async function openConsoleOn<Server extends ConsoleServer>(server: Server): Promise<ConsoleStage<Server>> {
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

/** Rules that decide anew where a page that was looked at has other colours, or is narrow. */
const RULES = { contrast: ["color-contrast"], narrow: ["target-size", "scrollable-region-focusable"] } as const;

/** What axe finds against WCAG 2.2 AA, a line each. */
export async function violations(
  page: Page,
  name: string,
  looksAt: "all" | keyof typeof RULES = "all",
): Promise<string[]> {
  await stand(page);
  const axe = new AxeBuilder({ page });
  if (looksAt !== "all") axe.withRules([...RULES[looksAt]]);
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
  await expect.poll(() => page.evaluate(stands)).toBe(true);
}

/** Closes the dialog by Escape, which a dialog hears only once it has the focus. */
export async function closeByEscape(page: Page, dialog = page.getByRole("dialog")): Promise<void> {
  await page.locator("[role=dialog]:focus-within").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
}

/** Checks the box of an entry by the keyboard: the box itself lies below what is drawn for it. */
export async function select(page: Page, name: string): Promise<void> {
  const box = page.getByRole("checkbox", { name: `Select ${name}`, exact: true });
  await box.press("Space");
  await expect.poll(() => box.isChecked()).toBe(true);
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

/** A page by the name of its picture, its address, and what only that page shows. */
export type PageCase = readonly [name: string, path: string, shown: (page: Page) => Locator];

/**
 * What axe finds on a page, light and dark, and at 360 px, and whether it is wider than the window there. Keeps pictures. Each page is a test of
 * its own, because axe takes seconds where the machine is busy.
 */
export async function violationsEverywhere(
  stage: ConsoleStage,
  page: Page,
  [name, path, shown]: PageCase,
): Promise<string[]> {
  const found: string[] = [];
  await page.setViewportSize({ width: 1280, height: 720 });
  await stage.go(page, path);
  await shown(page).waitFor();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    found.push(...(await violations(page, `${name} ${colorScheme}`, colorScheme === "light" ? "all" : "contrast")));
    await shoot(page, `${name}-${colorScheme}`);
  }
  await page.setViewportSize({ width: 360, height: 700 });
  found.push(...(await violations(page, `${name} 360 px`, "narrow")));
  const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
  if (overflow !== 0) found.push(`${name}: wider than 360 px by ${overflow}`);
  await page.setViewportSize({ width: 1280, height: 720 });
  return found;
}

/** The heading of a page. */
export const heading = (name: string) => (page: Page) => page.getByRole("heading", { name, level: 1 });
/** A tab that is open. */
export const tab = (name: string) => (page: Page) => page.getByRole("tab", { name, selected: true });
