import { readFile } from "node:fs/promises";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { AwsClient } from "aws4fetch";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleStage, openConsole, violationsEverywhere } from "./console-stage.ts";

const HOSTILE = "<img src=x onerror=alert(1)> \u202e";

describe.skipIf(whyNoBrowser !== null)(`SQL and topics (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let page: Page;
  let sqs: <Answer>(action: string, input: unknown) => Promise<Answer>;
  let iam: IAMClient;
  beforeAll(async () => {
    stage = await openConsole();
    await stage.client.send(new CreateBucketCommand({ Bucket: "holiday" }));
    const keys = [...Array.from({ length: 1_005 }, (_, index) => `film/${index}`), HOSTILE];
    const put = (Key: string) => stage.client.send(new PutObjectCommand({ Bucket: "holiday", Key, Body: "x" }));
    for (let at = 0; at < keys.length; at += 50) await Promise.all(keys.slice(at, at + 50).map(put));
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
  const ask = async (query: string) => {
    const editor = page.getByRole("textbox", { name: "Query" });
    await editor.click();
    await page.keyboard.press("Control+A");
    // What is typed over a selection Chromium itself gives the style of what stood there, in an attribute that the policy refuses.
    await page.keyboard.press("Delete");
    await page.keyboard.insertText(query);
    await page.keyboard.press("Control+Enter");
  };

  test("a query is run page by page, explained, and told where it is wrong", async () => {
    await stage.go(page, "/sql");
    await ask("SELECT key, size, NULL AS none FROM objects WHERE bucket = 'holiday'");
    await page.getByText(/^1,000 rows so far/).waitFor();
    await page.getByRole("cell", { name: "<img src=x onerror=alert(1)> <U+202E>" }).waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(100);
    await button("Next page").click();
    await page.getByText(/^1,006 rows in/).waitFor();
    await page.reload();
    // The address has the query.
    await page.getByRole("textbox", { name: "Query" }).getByText("NULL AS none").waitFor();
    await button("Explain").click();
    await page.getByText("It may run").waitFor();
    await ask("SELECT key FROM objects\nWHERE bucket = = 'x'");
    await page.getByText("This is not a query that can be read.").waitFor();
    await page.getByText("Line 2, character 16").waitFor();
    await button("Examples").click();
    await page.getByRole("menuitem", { name: "In each folder of the first level?" }).click();
    await button("Run").click();
    await page.getByRole("cell", { name: "film/", exact: true }).waitFor();
    stage.calm();
  });

  test("all rows are saved as a file, of each format", async () => {
    await ask("SELECT key FROM objects WHERE bucket = 'holiday'");
    const save = async (format: string) => {
      await button("Save all rows as").click();
      const saving = page.waitForEvent("download");
      await page.getByRole("menuitem", { name: format, exact: true }).click();
      const download = await saving;
      return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
    };
    const csv = await save("CSV");
    expect([csv.name, csv.bytes.toString().trim().split("\r\n").length]).toEqual(["result.csv", 1_007]);
    const parquet = await save("Parquet");
    expect([parquet.name, parquet.bytes.subarray(-4).toString()]).toEqual(["result.parquet", "PAR1"]);
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

  test("axe finds nothing, light and dark, wide and 360 px", async () => {
    const pages: [string, string][] = [
      ["sql", `/sql?${new URLSearchParams({ query: "SELECT bucket, count(*) FROM objects GROUP BY bucket" })}`],
      ["topics", "/topics"],
      ["topic", "/topic?arn=arn:aws:sns:us-east-1:100000000001:news"],
    ];
    const found = await violationsEverywhere(stage, page, pages, async (name) => {
      if (name === "sql") await button("Run").click();
    });
    expect(found).toEqual([]);
    stage.calm();
  });
});
