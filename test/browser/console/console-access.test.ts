import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  TagUserCommand,
} from "@aws-sdk/client-iam";
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
  violations,
  violationsEverywhere,
} from "./console-stage.ts";

const ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess";
const link = (name: string) => (page: Page) => page.getByRole("link", { name, exact: true });
const PAGES: PageCase[] = [
  ["access", "/access", link("ben")],
  ["groups", "/access?tab=groups", link("readers")],
  ["roles", "/access?tab=roles", link("app")],
  ["policies", "/access?tab=policies", link("AdministratorAccess")],
  ["accounts", "/access?tab=accounts", tab("Accounts")],
  ["policy", `/access/policy?arn=${ADMINISTRATOR}`, heading("AdministratorAccess")],
  ["user", "/access/principal?kind=user&name=ben", heading("ben")],
  ["group", "/access/principal?kind=group&name=readers", heading("readers")],
  ["role", "/access/principal?kind=role&name=app", heading("app")],
];

describe.skipIf(whyNoBrowser !== null)(`users, groups, roles, policies (${whyNoBrowser ?? "Chromium"})`, () => {
  let stage: ConsoleStage;
  let page: Page;
  let iam: IAMClient;
  beforeAll(async () => {
    stage = await openConsole();
    const { endpoint, accessKeyId, secretAccessKey } = stage.server;
    iam = new IAMClient({ endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
    await iam.send(new CreateUserCommand({ UserName: "ann+x=1,@_-." }));
    await iam.send(new TagUserCommand({ UserName: "ann+x=1,@_-.", Tags: [{ Key: "a", Value: "b" }] }));
    page = await stage.open();
    await stage.signIn(page);
  });
  afterAll(async () => {
    iam?.destroy();
    await stage?.stop();
  });

  const button = (name: string) => page.getByRole("button", { name, exact: true });

  test("a user gets a key that is shown once", async () => {
    await stage.go(page, "/access");
    await page.getByRole("link", { name: "ann+x=1,@_-." }).click();
    await button("Create access key").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("The secret key is shown this once").waitFor();
    await dialog.getByRole("tab", { name: "rclone" }).click();
    await dialog.getByText("force_path_style = true").waitFor();
    expect(await violations(page, "new key")).toEqual([]);
    const secret = (await dialog.locator("dd").nth(1).textContent()) ?? "";
    expect(secret).toMatch(/^\S{40}$/);
    await closeByEscape(page);
    expect(await page.content()).not.toContain(secret);
    await button("Delete user").click();
    await dialog.getByLabel("Name").fill("ann+x=1,@_-.");
    await dialog.getByRole("button", { name: "Delete user" }).click();
    await page.getByText("There are no users yet.").waitFor();
    stage.calm();
  });

  describe("axe finds nothing, light and dark, wide and 360 px", () => {
    beforeAll(async () => {
      await iam.send(new CreateUserCommand({ UserName: "ben" }));
      await iam.send(new CreateAccessKeyCommand({ UserName: "ben" }));
      await iam.send(new CreateGroupCommand({ GroupName: "readers" }));
      await iam.send(new AddUserToGroupCommand({ GroupName: "readers", UserName: "ben" }));
      await iam.send(new AttachGroupPolicyCommand({ GroupName: "readers", PolicyArn: ADMINISTRATOR }));
      const trust = { Effect: "Allow", Principal: { AWS: "100000000001" }, Action: "sts:AssumeRole" };
      const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
      await iam.send(new CreateRoleCommand({ RoleName: "app", AssumeRolePolicyDocument }));
      // The page has listed users before there were any of these.
      await page.reload();
    });

    test.each(PAGES)("%s", async (...shown) => {
      expect(await violationsEverywhere(stage, page, shown)).toEqual([]);
      stage.calm();
    });
  });
});
