import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleStage, closeByEscape, listing, openConsole, shoot, violations } from "./console-stage.ts";

/** Names that a page could stumble over. Keys with `.` or `..` as a segment come apart: no browser can ask for them. */
const HOSTILE = [
  "<img src=x onerror=alert(1)>.txt",
  "'\"><script>alert(1)</script>",
  "{{constructor.constructor('alert(1)')()}}",
  "\u202egpj.exe",
  "tab\tnew\nline\u0001",
  "/leading",
  " spaces ",
  "a%2Fb+c?d#e&f",
  "שלום-عربى",
  "ö".repeat(512),
];

/** Tabs of an object's details, by their names in an address. */
const TABS = {
  preview: "Preview",
  properties: "Properties",
  versions: "Versions",
  tags: "Tags",
  lock: "Protection",
  placement: "Placement",
};

describe.skipIf(whyNoBrowser !== null)(`the console's pages (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let page: Page;
  beforeAll(async () => {
    stage = await openConsole();
    const put = (Bucket: string, Key: string, Body: string, ContentType = "text/plain") =>
      stage.client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType }));
    for (const Bucket of ["holiday", "hostile"]) await stage.client.send(new CreateBucketCommand({ Bucket }));
    await stage.client.send(
      new PutBucketVersioningCommand({ Bucket: "holiday", VersioningConfiguration: { Status: "Enabled" } }),
    );
    await put("holiday", "home/notes.md", "# Packing list\n\n- *tent*\n- <b>maps</b>\n");
    await put("holiday", "home/route.json", '{"days":[{"from":"Bonn","km":31}]}', "application/json");
    await put("holiday", "2026/costs.csv", "what,euro\ntrain,49\n", "text/csv");
    await put("holiday", "plan.txt", `${"Monday: walk.\n".repeat(3000)}`);
    for (const key of HOSTILE) await put("hostile", key, "x");
    await Promise.all(Array.from({ length: 60 }, (_, index) => put("holiday", `many/${100 + index}`, "x")));
    await put("hostile", "page.html", PROBE, "text/html");
    const Tagging = { TagSet: [{ Key: "שלום", Value: "a = b/c" }] };
    await stage.client.send(new PutObjectTaggingCommand({ Bucket: "hostile", Key: " spaces ", Tagging }));
    page = await stage.open();
  });
  afterAll(() => stage?.stop());

  const both = async (name: string) => {
    const found: string[] = [];
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      found.push(...(await violations(page, `${name} ${theme}`, theme === "light" ? "all" : "contrast")));
      await shoot(page, `${name}-${theme}`);
    }
    expect(found).toEqual([]);
  };

  test("axe finds nothing, light and dark", async () => {
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await both("sign-in");
    await stage.signIn(page);
    await page.getByRole("link", { name: "holiday" }).waitFor();
    await both("buckets");
    await stage.go(page, listing("holiday"));
    await page.getByRole("link", { name: "plan.txt" }).waitFor();
    await both("objects");
    stage.calm();
  });

  test.each(Object.entries(TABS))("axe finds nothing in what an object's dialog tells: %s", async (tab, name) => {
    await stage.go(page, listing("holiday", { key: "plan.txt", tab }));
    await page.getByRole("tab", { name, selected: true }).waitFor();
    await both(tab === "placement" ? "placement" : `details-${tab}`);
    stage.calm();
  });

  test("axe finds nothing at 360 px, and nothing is wider than the window", async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    const narrow = [
      ["/", page.getByRole("link", { name: "holiday" })],
      [listing("holiday"), page.getByRole("link", { name: "plan.txt" })],
      [
        listing("holiday", { prefix: "home/", key: "home/notes.md" }),
        page.getByRole("heading", { name: "Packing list" }),
      ],
    ] as const;
    for (const [path, shown] of narrow) {
      await stage.go(page, path);
      await shown.waitFor();
      expect(await violations(page, `360 px ${path}`)).toEqual([]);
      const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
      expect([path, overflow]).toEqual([path, 0]);
    }
    await shoot(page, "phone");
    await page.setViewportSize({ width: 1280, height: 720 });
    stage.calm();
  });

  test("the keyboard alone leads from sign-in to an object's details and back", async () => {
    const tab = await stage.open();
    // It has the focus from the beginning.
    await tab.locator("input:focus").waitFor();
    await tab.keyboard.type(stage.server.accessKeyId);
    await tab.keyboard.press("Tab");
    await tab.keyboard.type(stage.server.secretAccessKey);
    await tab.keyboard.press("Enter");
    await tab.getByRole("link", { name: "holiday" }).waitFor();
    const until = async (name: string) => {
      for (let presses = 0; presses < 40; presses++) {
        await tab.keyboard.press("Tab");
        const focused = await tab.evaluate<string>("document.activeElement.textContent");
        if (focused.trim() === name) return;
      }
      throw new Error(`the keyboard does not reach ${name}`);
    };
    await until("holiday");
    await tab.keyboard.press("Enter");
    await tab.getByRole("link", { name: "plan.txt" }).waitFor();
    await until("2026/");
    for (const name of ["home/", "many/", "plan.txt"]) {
      await tab.keyboard.press("ArrowDown");
      await expect.poll(() => tab.evaluate("document.activeElement.textContent")).toBe(name);
    }
    await tab.keyboard.press("Enter");
    await tab.getByRole("tab", { name: "Preview" }).waitFor();
    await closeByEscape(tab);
    // Beyond what is drawn around the screen.
    await stage.go(tab, listing("holiday", { prefix: "many/" }));
    await tab.getByRole("link", { name: "100", exact: true }).focus();
    for (const name of ["115", "130", "145"]) {
      await tab.keyboard.press("PageDown");
      await expect.poll(() => tab.evaluate("document.activeElement.textContent")).toBe(name);
    }
    await tab.context().close();
    stage.calm();
  });

  test("hostile names are shown as they are, and do nothing", async () => {
    await stage.go(page, listing("hostile"));
    await page.getByRole("link", { name: "<img src=x onerror=alert(1)>.txt" }).waitFor();
    await page.getByRole("link", { name: "<U+202E>gpj.exe" }).waitFor();
    await page.getByRole("link", { name: "tab␉new␊line␁" }).waitFor();
    for (const key of HOSTILE) {
      await stage.go(page, listing("hostile", { key, tab: "properties" }));
      await page.getByRole("dialog").getByText("1 byte").waitFor();
    }
    await stage.go(page, listing("hostile", { key: " spaces ", tab: "tags" }));
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("שלום");
    await stage.go(page, listing("hostile", { key: "a/../b" }));
    await page.getByText("Browsers resolve the segments").waitFor();
    expect(await page.evaluate("document.querySelectorAll('main script, main img').length")).toBe(0);
    stage.calm();
  });

  test("an HTML object that is opened from the console has an origin of its own, and no way to the keys", async () => {
    await stage.go(page, listing("hostile", { key: "page.html" }));
    // Its source is shown; only a link opens it.
    await page.getByRole("button", { name: "Share …" }).click();
    await page.getByRole("button", { name: "Create link" }).click();
    const opened = await page.context().newPage();
    await opened.goto(await page.getByLabel("Link", { exact: true }).inputValue());
    await opened.waitForSelector("[data-done]", { state: "attached" });
    const told = JSON.parse((await opened.getAttribute("[data-done]", "data-done")) ?? "");
    expect(told).toEqual({ origin: "null", storage: "refused", database: "refused", page: "refused" });
    await opened.close();
    // As a script of the console's own page it is refused by the policy, though it is of the same host.
    const script = await page.evaluate<string>(`new Promise((resolve) => {
      const element = document.createElement("script");
      element.onload = () => resolve("run");
      element.onerror = () => resolve("refused");
      element.src = "/hostile/page.html";
      document.head.append(element);
    })`);
    expect(script).toBe("refused");
  });

  test("a user who may read one prefix sees that, and no errors", async () => {
    const { endpoint, accessKeyId, secretAccessKey } = stage.server;
    const iam = new IAMClient({ endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
    await iam.send(new CreateUserCommand({ UserName: "guest" }));
    const home = { StringLike: { "s3:prefix": "home/*" } };
    const statements = [
      { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::holiday", Condition: home },
      { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::holiday/home/*" },
    ];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    await iam.send(new PutUserPolicyCommand({ UserName: "guest", PolicyName: "home", PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "guest" }));
    iam.destroy();
    const tab = await stage.open();
    await stage.signIn(tab, {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    });
    await tab.getByText("You may not list the buckets of this account.").waitFor();
    await tab.getByRole("button", { name: "Open by name" }).click();
    await tab.getByRole("textbox", { name: "Name" }).fill("holiday");
    await tab.getByLabel("Prefix").fill("home/");
    await tab.getByRole("button", { name: "Open", exact: true }).click();
    await tab.getByRole("link", { name: "notes.md" }).click();
    await tab.getByRole("heading", { name: "Packing list" }).waitFor();
    // Its tag is text.
    await tab.getByText("<b>maps</b>").waitFor();
    expect(await tab.getByRole("alert").count()).toBe(0);
    await closeByEscape(tab);
    await tab.getByRole("link", { name: "holiday" }).click();
    await tab.getByText("You may not do this.").waitFor();
    await tab.context().close();
  });

  test("the secret is never sent, and signing out forgets the key", async () => {
    const tab = await stage.open();
    const sent: string[] = [];
    tab.on("request", (request) => {
      sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ""}`);
    });
    const { accessKeyId, secretAccessKey } = stage.server;
    await stage.signIn(tab);
    await tab.reload();
    await tab.getByRole("link", { name: "holiday" }).waitFor();
    await tab.getByRole("button", { name: "root" }).click();
    await tab.getByRole("button", { name: "Sign out" }).click();
    await tab.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await tab.evaluate("JSON.stringify([{ ...sessionStorage }, Object.keys(localStorage)])")).toBe("[{},[]]");
    await tab.reload();
    await tab.getByRole("button", { name: "Sign in" }).waitFor();
    expect(sent.some((request) => request.includes(accessKeyId))).toBe(true);
    expect(sent.filter((request) => request.includes(secretAccessKey))).toEqual([]);
    await tab.context().close();
  });
});

/** What a script in an object finds out about where it runs. */
const PROBE = `<!doctype html><script>
  const tried = (act) => { try { return act(); } catch { return "refused"; } };
  const told = {
    origin: self.origin,
    storage: tried(() => JSON.stringify(sessionStorage)),
    database: tried(() => String(indexedDB.open("sherd-console").readyState)),
  };
  fetch("/-/console/").then((answer) => answer.text(), () => "refused").then((page) => {
    document.documentElement.setAttribute("data-done", JSON.stringify({ ...told, page }));
  });
</script>`;
