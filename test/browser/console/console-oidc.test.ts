import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoBrowser } from "../../support/browser.ts";
import { type ConsoleStage, openConsole, shoot, violations } from "./console-stage.ts";
import { startProvider, type TinyProvider } from "./tiny-provider.ts";

const ACCOUNT = "100000000001";
const ROLE = `arn:aws:iam::${ACCOUNT}:role/console`;

describe.skipIf(whyNoBrowser !== null)(`sign-in by OpenID Connect (${whyNoBrowser ?? "Chromium"})`, () => {
  let provider: TinyProvider;
  let stage: ConsoleStage;
  let page: Page;
  beforeAll(async () => {
    provider = await startProvider();
    const { issuer, clientId } = provider;
    const configured = [{ name: "Example", issuer, clientId, roleArns: [ROLE, `${ROLE}-of-nobody`] }];
    stage = await openConsole({ env: { SHERD_CONSOLE_OIDC: JSON.stringify(configured) } });
    const { endpoint, accessKeyId, secretAccessKey } = stage.server;
    const iam = new IAMClient({ endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
    const host = new URL(issuer).host;
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: [clientId] }));
    const trust = {
      Effect: "Allow",
      Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${host}` },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { [`${host}:aud`]: clientId, [`${host}:sub`]: "ann" } },
    };
    const may = { Effect: "Allow", Action: "s3:*", Resource: "*" };
    const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await iam.send(new CreateRoleCommand({ RoleName: "console", AssumeRolePolicyDocument: policy(trust) }));
    await iam.send(new PutRolePolicyCommand({ RoleName: "console", PolicyName: "s3", PolicyDocument: policy(may) }));
    iam.destroy();
    await stage.client.send(new CreateBucketCommand({ Bucket: "holiday" }));
    page = await stage.open();
  });
  afterAll(async () => {
    await stage?.stop();
    provider?.stop();
  });

  const kept = () =>
    page.evaluate<{ credentials: { accessKeyId: string } }>("JSON.parse(sessionStorage['sherd-session'])");
  const withProvider = (tab = page) => tab.getByRole("button", { name: "Sign in with Example" });

  test("leads to the provider and back to the page that was asked for", async () => {
    await withProvider().waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect(await violations(page, `sign-in by provider, ${colorScheme}`)).toEqual([]);
      await shoot(page, `sign-in-provider-${colorScheme}`);
    }
    await stage.go(page, "/objects?bucket=holiday");
    await withProvider().click();
    await page.getByText("There is nothing here yet.").waitFor();
    expect(new URL(page.url())).toMatchObject({ search: "", hash: "#/objects?bucket=holiday" });
    await page.getByRole("button", { name: "assumed-role/console/ann@example.org" }).waitFor();
    await page.reload();
    await page.getByText("There is nothing here yet.").waitFor();
    stage.calm();
  });

  test("is renewed before it ends, and goes on with the new key", async () => {
    const before = await kept();
    await page.evaluate(`sessionStorage["sherd-session"] = JSON.stringify({
      ...JSON.parse(sessionStorage["sherd-session"]), expiresMs: Date.now() + 60_000
    })`);
    await page.reload();
    await expect.poll(async () => (await kept()).credentials.accessKeyId).not.toBe(before.credentials.accessKeyId);
    await stage.go(page, "/");
    await page.getByRole("link", { name: "holiday" }).waitFor();
    stage.calm();
  });

  test("is over after half an hour without use, though it was renewed", async () => {
    const tab = await stage.open();
    await tab.clock.install();
    await withProvider(tab).click();
    await tab.getByRole("heading", { name: "Buckets" }).waitFor();
    await tab.evaluate(`sessionStorage["sherd-session"] = JSON.stringify({
      ...JSON.parse(sessionStorage["sherd-session"]), expiresMs: Date.now() + 25 * 60_000
    })`);
    await tab.reload();
    await tab.getByRole("heading", { name: "Buckets" }).waitFor();
    const text = () => tab.evaluate<string>("sessionStorage['sherd-session']");
    const before = await text();
    await tab.clock.fastForward("20:10");
    await expect.poll(text).not.toBe(before);
    await tab.clock.fastForward("10:00");
    await tab.getByText("You were signed out because nothing happened for 30 minutes.").waitFor();
    await tab.context().close();
  });

  test("is over at the provider too for whoever signs out, who is led back", async () => {
    const tab = await stage.open();
    await withProvider(tab).click();
    await tab.getByRole("heading", { name: "Buckets" }).waitFor();
    await tab.getByRole("button", { name: "assumed-role/console/ann@example.org" }).click();
    await tab.getByRole("button", { name: "Sign out" }).click();
    const back = `${stage.server.endpoint}/-/console/`;
    const told = { client_id: provider.clientId, post_logout_redirect_uri: back };
    await expect.poll(() => provider.ended).toEqual([told]);
    await tab.waitForURL(back);
    await withProvider(tab).waitFor();
    expect(await tab.evaluate("sessionStorage.length")).toBe(0);
    await tab.context().close();
    stage.calm();
  });

  test("is over when it cannot be renewed", async () => {
    await page.evaluate(`sessionStorage["sherd-session"] = JSON.stringify({
      ...JSON.parse(sessionStorage["sherd-session"]), expiresMs: Date.now() + 2_500, renewal: null
    })`);
    await page.reload();
    await page.getByText("The session has ended. Sign in again.").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    // The provider is asked to sign out nobody who has not asked for it: other sites may be using its session.
    expect(provider.ended).toHaveLength(1);
  });

  test("says what was refused, and takes no answer to a question that was not asked", async () => {
    await page.getByRole("button", { name: "Role" }).click();
    await page.getByRole("option", { name: "console-of-nobody" }).click();
    await withProvider().click();
    await page.getByText("You may not do this.").waitFor();
    await page.evaluate(`sessionStorage["sherd-sign-in"] = JSON.stringify({ state: "mine" })`);
    await page.goto(`${stage.server.endpoint}/-/console/?code=x&state=another`);
    await page.getByText("the answer is to no question of this tab").waitFor();
    expect([new URL(page.url()).search, await page.evaluate("sessionStorage.length")]).toEqual(["", 0]);
  });

  test("lets the page ask the configured provider and no other", async () => {
    const ask = (url: string) =>
      page.evaluate<string>(`fetch(${JSON.stringify(url)}).then(() => "asked", () => "refused")`);
    expect(await ask(`${provider.issuer}/jwks`)).toBe("asked");
    expect(await ask(provider.issuer.replace("127.0.0.1", "localhost"))).toBe("refused");
  });
});
