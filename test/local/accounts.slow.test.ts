import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Sherd, startSherd } from "../support/sherd.ts";

const root = join(import.meta.dirname, "../..");
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
});
afterAll(() => sherd.stop());

/** Runs `npm run accounts` as npm does. */
function run(args: string[], keys = true): Promise<{ code: number | null; output: string }> {
  const { PATH = "", HOME = "" } = process.env;
  const env = keys ? { AWS_ACCESS_KEY_ID: sherd.accessKeyId, AWS_SECRET_ACCESS_KEY: sherd.secretAccessKey } : {};
  const node = join(root, "node_modules/.bin/node");
  const child = spawn(node, [join(root, "local/accounts.ts"), ...args, "--endpoint", sherd.endpoint], {
    cwd: join(root, "test"),
    env: { PATH, HOME, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (output += bytes));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

describe("npm run accounts", () => {
  test("makes an account whose root key works, in a namespace of its own", async () => {
    const { code, output } = await run(["create", "--name", "Tenant", "--email", "tenant@example.org", "--json"]);
    expect(code).toBe(0);
    const account = JSON.parse(output);
    expect((await run(["list"])).output).toContain(`${account.accountId} active Tenant tenant@example.org`);
    const key = { accessKeyId: account.accessKeyId, secret: account.secretAccessKey };
    expect((await sherd.raw({ path: "/-/durability", ...key, service: "sherd" })).status).toBe(403);
    expect((await run(["close", account.accountId])).code).toBe(0);
    expect((await sherd.raw({ path: "/", ...key })).text).toContain("<Code>AccountProblem</Code>");
    const rekeyed = JSON.parse((await run(["rekey", account.accountId, "--json"])).output);
    expect((await sherd.raw({ path: "/", ...key })).text).toContain("<Code>InvalidAccessKeyId</Code>");
    const fresh = { accessKeyId: rekeyed.accessKeyId, secret: rekeyed.secretAccessKey };
    expect((await sherd.raw({ path: "/", ...fresh })).text).toContain("<Code>AccountProblem</Code>");
    expect((await run(["reopen", account.accountId])).code).toBe(0);
    expect((await sherd.raw({ path: "/", ...fresh })).text).not.toContain("<Code>AccountProblem</Code>");
    expect(await run(["reseal"])).toEqual({ code: 0, output: "resealed: 0\nunreadable: 0\n" });
  });

  test("says what it cannot do", async () => {
    expect(await run(["create", "--name", "x"])).toEqual({
      code: 1,
      output: "sherd: create needs --name and --email\n",
    });
    expect((await run(["close", "999999999999"])).output).toContain("there is no account 999999999999");
    expect((await run(["list", "--data", "/nowhere"], false)).output).toContain("no key: set AWS_ACCESS_KEY_ID");
  });
});
