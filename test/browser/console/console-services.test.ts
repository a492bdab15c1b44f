import { readFile } from "node:fs/promises";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  GetBucketAclCommand,
  GetBucketLoggingCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListBucketInventoryConfigurationsCommand,
  PutBucketLoggingCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { AwsClient } from "aws4fetch";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import {
  type ConsoleStage,
  closeByEscape,
  heading,
  openConsole,
  type PageCase,
  tab,
  violationsEverywhere,
} from "./console-stage.ts";

/** 51 of each object: more than a page. */
const MANY_ROWS = `SELECT o.key, e.value AS n, NULL AS none
FROM objects o, json_each('${JSON.stringify(Array.from({ length: 51 }, (_, n) => n))}') e
WHERE o.bucket = 'holiday' ORDER BY 1, 2`;
const PAGES: PageCase[] = [
  [
    "sql",
    `/sql?${new URLSearchParams({ query: "SELECT bucket, count(*) FROM objects GROUP BY bucket" })}`,
    (page) => page.getByRole("cell", { name: "holiday", exact: true }),
  ],
  ["topics", "/topics", heading("Topics")],
  ["reports", "/bucket?bucket=holiday&tab=reports", tab("Logs and inventories")],
  ["limits", "/access?tab=limits", tab("Limits")],
  ["topic", "/topic?arn=arn:aws:sns:us-east-1:100000000001:news", heading("news")],
];
const HOSTILE = "<img src=x onerror=alert(1)> \u202e";

describe.skipIf(whyNoBrowser !== null)(`SQL, topics, reports, limits (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let page: Page;
  let sqs: <Answer>(action: string, input: unknown) => Promise<Answer>;
  let iam: IAMClient;
  beforeAll(async () => {
    stage = await openConsole();
    await stage.client.send(new CreateBucketCommand({ Bucket: "holiday" }));
    const keys = [...Array.from({ length: 19 }, (_, index) => `film/${index}`), HOSTILE];
    const put = (Key: string) => stage.client.send(new PutObjectCommand({ Bucket: "holiday", Key, Body: "x" }));
    await Promise.all(keys.map(put));
    const { endpoint, accessKeyId, secretAccessKey } = stage.server;
    iam = new IAMClient({ endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
    const signer = new AwsClient({ accessKeyId, secretAccessKey, service: "sqs", region: "us-east-1" });
    sqs = async <Answer>(action: string, input: unknown) => {
      const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` };
      const answer = await signer.fetch(endpoint, { method: "POST", headers, body: JSON.stringify(input) });
      return (await answer.json()) as Answer;
    };
    page = await stage.open();
    await stage.signIn(page);
  });
  afterAll(async () => {
    iam?.destroy();
    await stage?.stop();
  });

  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const dialog = () => page.getByRole("dialog");
  const type = async (query: string) => {
    const editor = page.getByRole("textbox", { name: "Query" });
    await editor.click();
    await page.keyboard.press("Control+A");
    // What is typed over a selection Chromium itself gives the style of what stood there, in an attribute that the policy refuses.
    await page.keyboard.press("Delete");
    await page.keyboard.insertText(query);
  };
  const ask = async (query: string) => {
    await type(query);
    await page.keyboard.press("Control+Enter");
  };

  test("a query is run page by page, explained, and told where it is wrong", async () => {
    await stage.go(page, "/sql");
    await ask(MANY_ROWS);
    await page.getByText(/^1,000 rows so far/).waitFor();
    await page.getByRole("cell", { name: "<img src=x onerror=alert(1)> <U+202E>" }).first().waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(100);
    await button("Next page").click();
    await page.getByText(/^1,020 rows in/).waitFor();
    await page.reload();
    // The address has the query.
    await page.getByRole("textbox", { name: "Query" }).getByText("NULL AS none").waitFor();
    await button("Explain").click();
    await page.getByText("It may run").waitFor();
    await ask("SELECT key FROM objects\nWHERE bucket = = 'x'");
    await page.getByText("This is not a query that can be read.").waitFor();
    await page.getByText("Line 2, character 16").waitFor();
    await type("SELECT key FROM objects WHERE bucket = 'x'");
    await button("Explain").click();
    await page.getByText("This is not a query that can be read.").waitFor({ state: "detached" });
    await page.getByText("It may run").waitFor();
    await button("Examples").click();
    await page.getByRole("menuitem", { name: "In each folder of the first level?" }).click();
    await button("Run").click();
    await page.getByRole("cell", { name: "film/", exact: true }).waitFor();
    stage.calm();
  });

  test("all rows are saved as a file, of each format", async () => {
    await ask(MANY_ROWS);
    const save = async (format: string) => {
      await button("Save all rows as").click();
      const saving = page.waitForEvent("download");
      await page.getByRole("menuitem", { name: format, exact: true }).click();
      const download = await saving;
      return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
    };
    const csv = await save("CSV");
    expect([csv.name, csv.bytes.toString().trim().split("\r\n").length]).toEqual(["result.csv", 1_021]);
    const parquet = await save("Parquet");
    expect([parquet.name, parquet.bytes.subarray(-4).toString()]).toEqual(["result.parquet", "PAR1"]);
    await page.getByRole("button", { name: "Clear" }).click();
    stage.calm();
  });

  test("who may not ask by SQL is told so, and sees no editor", async () => {
    await iam.send(new CreateUserCommand({ UserName: "guest" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "guest" }));
    const tab = await stage.open();
    await stage.signIn(tab, {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    });
    await stage.go(tab, "/sql");
    await tab.getByText("A policy must allow sherd:Query.").waitFor();
    expect(await tab.getByRole("button", { name: "Run" }).count()).toBe(0);
    await tab.context().close();
  });

  test("a topic is made, a queue subscribes with a filter, and gets what fits", async () => {
    const { QueueUrl } = await sqs<{ QueueUrl: string }>("CreateQueue", { QueueName: "jobs" });
    await stage.go(page, "/topics");
    await button("Create topic").click();
    await page.getByLabel("Name", { exact: true }).fill("news");
    await dialog().getByRole("button", { name: "Create topic" }).click();
    await button("Subscribe").click();
    await dialog().getByLabel("Filter policy").fill('{"team": ["film"]}');
    await dialog().getByText("Raw: without the envelope").click();
    await dialog().getByRole("button", { name: "Subscribe" }).click();
    await dialog().waitFor({ state: "detached" });
    await page.getByRole("cell", { name: "confirmed" }).waitFor();
    await page.getByRole("cell", { name: '{"team": ["film"]}' }).waitFor();
    const publish = async (message: string, team: string) => {
      await page.getByLabel("Message", { exact: true }).fill(message);
      await page.getByLabel("Its value").fill(team);
      await button("Publish").click();
      await expect.poll(() => page.getByLabel("Message", { exact: true }).inputValue()).toBe("");
    };
    await button("Add an attribute").click();
    await page.getByLabel("Attribute", { exact: true }).fill("team");
    await publish("not for you", "music");
    await publish(HOSTILE, "film");
    const bodies: string[] = [];
    await expect
      .poll(async () => {
        const asked = { QueueUrl, WaitTimeSeconds: 2 };
        const { Messages = [] } = await sqs<{ Messages?: { Body: string }[] }>("ReceiveMessage", asked);
        bodies.push(...Messages.map(({ Body }) => Body));
        return bodies;
      })
      .toEqual([HOSTILE]);
    await button("Actions for arn:aws:sqs:us-east-1:100000000001:jobs").click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await dialog().getByLabel("Filter policy").fill("");
    await dialog().getByRole("button", { name: "Save" }).click();
    await dialog().waitFor({ state: "detached" });
    await page.getByRole("cell", { name: '{"team": ["film"]}' }).waitFor({ state: "detached" });
    stage.calm();
  });

  test("logs and inventories go to another bucket, whose policy lets them", async () => {
    const { client } = stage;
    await client.send(new CreateBucketCommand({ Bucket: "reports", ObjectOwnership: "ObjectWriter" }));
    await stage.go(page, "/bucket?bucket=holiday&tab=reports");
    await page.getByText("Nothing is logged.").waitFor();
    await page.getByLabel("Bucket for the logs").fill("reports");
    await button("Save").click();
    await page.getByText("Requests are logged.").waitFor();
    const { LoggingEnabled } = await client.send(new GetBucketLoggingCommand({ Bucket: "holiday" }));
    expect(LoggingEnabled).toMatchObject({ TargetBucket: "reports", TargetPrefix: "holiday/" });
    // What another client has granted stays.
    const { Owner } = await client.send(new GetBucketAclCommand({ Bucket: "holiday" }));
    const Grantee = { Type: "CanonicalUser", ID: Owner?.ID } as const;
    const TargetGrants = (["READ", "WRITE"] as const).map((Permission) => ({ Grantee, Permission }));
    const granted = { TargetBucket: "reports", TargetPrefix: "holiday/", ...LoggingEnabled, TargetGrants };
    const BucketLoggingStatus = { LoggingEnabled: granted };
    await client.send(new PutBucketLoggingCommand({ Bucket: "holiday", BucketLoggingStatus }));
    await page.reload();
    await page.getByLabel("Prefix there").fill("holiday/log-");
    await button("Save").click();
    const logging = async () => (await client.send(new GetBucketLoggingCommand({ Bucket: "holiday" }))).LoggingEnabled;
    await expect.poll(async () => (await logging())?.TargetPrefix).toBe("holiday/log-");
    expect((await logging())?.TargetGrants).toMatchObject(TargetGrants);
    const addInventory = async (id: string, prefix: string) => {
      await button("Add").click();
      await dialog().getByLabel("Id", { exact: true }).fill(id);
      await dialog().getByLabel("Destination bucket").fill("reports");
      await dialog().getByLabel("Prefix there").fill(prefix);
      await dialog().getByRole("button", { name: "Save" }).click();
      await page.getByRole("cell", { name: id, exact: true }).waitFor();
    };
    await addInventory("all-1", "");
    await addInventory("all-2", "second/");
    const { InventoryConfigurationList: [inventory] = [] } = await client.send(
      new ListBucketInventoryConfigurationsCommand({ Bucket: "holiday" }),
    );
    expect(inventory?.Destination?.S3BucketDestination?.Bucket).toBe("arn:aws:s3:::reports");
    expect(inventory).toMatchObject({ IsEnabled: true, Schedule: { Frequency: "Daily" } });
    const { Policy = "" } = await client.send(new GetBucketPolicyCommand({ Bucket: "reports" }));
    const allowed = JSON.parse(Policy).Statement.map((one: { Principal: { Service: string }; Resource: string }) => [
      one.Principal.Service,
      one.Resource,
    ]);
    expect(allowed).toEqual([
      ["logging.s3.amazonaws.com", "arn:aws:s3:::reports/holiday/*"],
      ["s3.amazonaws.com", "arn:aws:s3:::reports/*"],
      ["s3.amazonaws.com", "arn:aws:s3:::reports/second/*"],
    ]);
    // By the keyboard: messages may lie above it.
    await button("Remove all-1").press("Enter");
    await dialog().getByRole("button", { name: "Remove the configuration" }).click();
    await page.getByRole("cell", { name: "all-1", exact: true }).waitFor({ state: "detached" });
    await button("Stop logging").press("Enter");
    await page.getByText("Nothing is logged.").waitFor();
    // There is no class for it on this server, which says so.
    await stage.go(page, "/bucket?bucket=holiday&tab=lifecycle");
    await page.getByRole("heading", { name: "Intelligent tiering" }).waitFor();
    // By the keyboard: it still moves while what stands above it is loaded.
    await button("Add").press("Enter");
    await dialog().getByLabel("Id", { exact: true }).fill("old");
    await dialog().getByLabel("Archive access", { exact: true }).fill("90");
    await dialog().getByRole("button", { name: "Save" }).click();
    await dialog().getByText("There is no such tier here").waitFor();
    await closeByEscape(page);
    stage.calm();
  });

  test("rates of an account are limited and set free, and its quota is set", async () => {
    await stage.go(page, "/access?tab=limits");
    await button("Set a rate limit").click();
    await dialog().getByLabel("Requests per second").fill("1234");
    await dialog().getByRole("button", { name: "Save" }).click();
    await page.getByRole("cell", { name: "1,234" }).waitFor();
    await button("Remove the limits of 100000000001").click();
    await page.getByText("No account and no key has limits of its own.").waitFor();
    await page.getByLabel("Bytes, hard").fill("5000000000");
    await button("Save").click();
    await page.getByRole("alertdialog").getByText("Saved.").first().waitFor();
    stage.calm();
  });

  test("what was refused stands among the last errors, with its request", async () => {
    const failed = await stage.client
      .send(new GetObjectCommand({ Bucket: "holiday", Key: "none" }))
      .catch((error) => error);
    await stage.go(page, "/operations");
    const row = page.getByRole("row").filter({ hasText: failed.$metadata.requestId });
    await row.getByText("NoSuchKey").waitFor();
    expect(await row.textContent()).toContain("s3:GetObjectholiday");
  });

  test.each(PAGES)("axe finds nothing, light and dark, wide and 360 px: %s", async (...shown) => {
    if (shown[0] === "sql") {
      await stage.go(page, shown[1]);
      await button("Run").click();
    }
    expect(await violationsEverywhere(stage, page, shown)).toEqual([]);
    stage.calm();
  });
});
