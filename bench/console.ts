import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { CDPSession, Page } from "playwright-core";
import { installPython, venvProgram } from "../test/clients/install.ts";
import { startBrowser } from "../test/support/browser.ts";
import { startServer, type TestServer } from "../test/support/server.ts";
import { formatTable } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:console -- [options]

The console in Chromium against npm start: first view and interaction with the processor slowed four times, memory of the tab after
scrolling a long listing, and an upload beside boto3's upload_file of the same file. Takes less than two minutes as it stands.

  --mib N       size of the upload (default 256)
  --keys N      length of the listing (default 100000); its pages are made up, so that only the tab is measured
  --no-boto3    leaves boto3 out
  --json FILE   writes the rows`;

const { values: options } = parseArgs({
  options: {
    mib: { type: "string", default: "256" },
    keys: { type: "string", default: "100000" },
    "no-boto3": { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

interface Row {
  what: string;
  value: number;
  unit: string;
  wanted: string;
}

const MIB = 1024 ** 2;
const SLOWED = 4;
const undo = new Undo();

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-console-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const server = await startServer();
  undo.push(() => server.stop());
  const browser = await startBrowser();
  undo.push(() => browser.close());
  const page = await (await browser.newContext({ locale: "en-GB" })).newPage();
  const devtools = await page.context().newCDPSession(page);
  const rows = [
    ...(await views(page, devtools, server)),
    ...(await scrolling(page, await browser.newBrowserCDPSession())),
  ];
  rows.push(...(await uploads(page, server, folder)));
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}\n`);
  console.log(
    formatTable(
      ["what", "value", "unit", "wanted"],
      rows.map((row) => [row.what, row.value.toFixed(2), row.unit, row.wanted]),
    ),
  );
  if (options.json) await writeRows(options.json, rows);
}

/**
 * Time from the first request to the sign-in fields, with empty caches; then from a press to the
 * next frame, the slowest of several.
 */
async function views(page: Page, devtools: CDPSession, server: TestServer): Promise<Row[]> {
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWED });
  const beganMs = performance.now();
  await page.goto(`${server.endpoint}/-/console/`);
  await page.getByLabel("Access key").waitFor();
  const firstMs = performance.now() - beganMs;
  const scriptBytes = await page.evaluate<number>(
    `performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js")).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`,
  );
  await page.getByLabel("Access key").fill(server.accessKeyId);
  await page.getByLabel("Secret key").fill(server.secretAccessKey);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Buckets" }).waitFor();
  await page.evaluate(`self.slowestMs = 0; new PerformanceObserver((list) => {
    for (const { duration, interactionId } of list.getEntries()) if (interactionId) self.slowestMs = Math.max(self.slowestMs, duration);
  }).observe({ type: "event", durationThreshold: 16 })`);
  for (let times = 0; times < 5; times++) {
    await page.getByRole("button", { name: "Create bucket" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  const interactionMs = await page.evaluate<number>("self.slowestMs");
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return [
    { what: "first view, slowed four times", value: firstMs / 1000, unit: "s", wanted: "≤ 1.0" },
    { what: "compressed script before first use", value: scriptBytes / 1000, unit: "kB", wanted: "≤ 300" },
    { what: "slowest interaction, slowed four times", value: interactionMs, unit: "ms", wanted: "≤ 100" },
  ];
}

/** Scrolls through a listing to its end, stretch by stretch. */
async function scrolling(page: Page, browser: CDPSession): Promise<Row[]> {
  const keys = Number(options.keys);
  await page.route(/\/million\?list-type=2/, (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get("continuation-token") ?? 0);
    return route.fulfill({ contentType: "application/xml", body: madeUpPage(from, keys) });
  });
  await page.goto(`${page.url().split("#")[0]}#/objects?bucket=million`);
  await page.getByRole("link", { name: "0000000" }).waitFor();
  const beganMs = performance.now();
  for (;;) {
    const text = (await page.locator(".object-foot").textContent()) ?? "";
    const next = page.getByRole("button", { name: /^Show those after/ });
    if (await next.count()) await next.click();
    else if (!text.includes("so far")) break;
    await page.evaluate("document.querySelector('.object-rows').scrollTo(0, 1e9)");
    await page.waitForTimeout(10);
  }
  const seconds = (performance.now() - beganMs) / 1000;
  // Otherwise the bodies of all further requests would pass through here too.
  await page.unrouteAll();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  const tabs = await Promise.all(
    processInfo.filter(({ type }) => type === "renderer").map(({ id }) => privateBytes(id)),
  );
  return [
    { what: `memory of the tab after ${keys} keys`, value: Math.max(...tabs) / 1e6, unit: "MB", wanted: "≤ 200" },
    { what: `scrolling ${keys} keys`, value: seconds, unit: "s", wanted: "" },
  ];
}

function madeUpPage(from: number, keys: number): string {
  const to = Math.min(from + 1000, keys);
  const contents = Array.from({ length: to - from }, (_, index) => {
    const key = String(from + index).padStart(7, "0");
    return `<Contents><Key>${key}</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified><ETag>"${key}"</ETag><Size>${from + index}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const next =
    to < keys
      ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${to}</NextContinuationToken>`
      : "<IsTruncated>false</IsTruncated>";
  return `<ListBucketResult>${next}${contents.join("")}</ListBucketResult>`;
}

/** The process's own memory: code that it shares with the browser does not count. */
async function privateBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return [...text.matchAll(/^Private_\w+: +(\d+) kB$/gm)].reduce(
    (sum, [, kilobytes]) => sum + 1024 * Number(kilobytes),
    0,
  );
}

async function uploads(page: Page, server: TestServer, folder: string): Promise<Row[]> {
  const mib = Number(options.mib);
  const file = await open(join(folder, "sent"), "w");
  for (let written = 0; written < mib; written++) await file.write(randomBytes(MIB));
  await file.close();
  await page.goto(`${page.url().split("#")[0]}#/`);
  await page.getByRole("button", { name: "Create bucket" }).click();
  await page.getByLabel("Name").fill("uploads");
  await page.getByRole("dialog").getByRole("button", { name: "Create bucket" }).click();
  await page.getByText("There is nothing here yet.").waitFor();
  await page.getByTestId("files").setInputFiles(join(folder, "sent"));
  const beganMs = performance.now();
  await page.getByRole("dialog").getByRole("button", { name: "Upload" }).click();
  await page.getByText("Nothing is running").waitFor({ timeout: 600_000 });
  const mbPerSecond = (mib * MIB) / 1e3 / (performance.now() - beganMs);
  const own = { what: `upload of ${mib} MiB by the console`, value: mbPerSecond, unit: "MB/s", wanted: "" };
  const seconds = options["no-boto3"] ? null : await boto3Seconds(server, folder);
  if (seconds === null) return [own];
  const other = (mib * MIB) / 1e6 / seconds;
  return [
    own,
    { what: "the same by boto3", value: other, unit: "MB/s", wanted: "" },
    { what: "console : boto3", value: mbPerSecond / other, unit: "", wanted: "≥ 0.7" },
  ];
}

async function boto3Seconds(server: TestServer, folder: string): Promise<number> {
  const installed = await installPython("boto3", false);
  if (!installed.ok) throw new Error(installed.why);
  const program = join(import.meta.dirname, "boto3/transfer.py");
  const client = spawn(venvProgram("python"), [program, server.endpoint, folder], {
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(client, "exit");
  let seconds = 0;
  for await (const text of createInterface({ input: client.stdout })) {
    const line = JSON.parse(text) as { operation: string; event: string; seconds: number };
    if (line.event === "end" && line.operation.includes("upload")) seconds = line.seconds;
  }
  await ended;
  if (seconds === 0) throw new Error("boto3 uploaded nothing");
  return seconds;
}

if (options.help) console.log(usage);
else await undo.after(main);
