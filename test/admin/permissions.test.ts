import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPages } from "../../src/admin/account-pages.ts";
import { createOwnApp } from "../../src/admin/own-app.ts";
import { ownPages } from "../../src/admin/pages.ts";
import { sqlPages } from "../../src/admin/sql-page.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { CostMeter } from "../../src/metadata/database.ts";
import { FIRST_ACCOUNT_ID } from "../../src/metadata/identities/accounts.ts";
import { putInlinePolicy } from "../../src/metadata/identities/entities.ts";
import { setKeyStatus } from "../../src/metadata/identities/keys.ts";
import { openQueries } from "../../src/query/open-queries.ts";
import { OPERATORS_ACTION } from "../../src/query/sight.ts";
import { visibleBucket } from "../../src/services/s3/gate/visible-rows.ts";
import { readDocument, section, tableRows } from "../docs/document.ts";
import { allowing, People, type Person, rootVariables } from "../support/people.ts";
import { signRequest } from "../support/signer.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
let app: ReturnType<typeof createOwnApp>;
let pages: Parameters<typeof createOwnApp>[1];
const root = { accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID, secret: rootVariables.SHERD_SECRET_ACCESS_KEY };

beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
  const observed = { drives: new Map(), cost: new CostMeter(), requests: () => [] };
  const queries = openQueries({}, [rig.store], people.keys.sealer);
  const keyPages = [...accountPages(rig.store, people.keys.sealer), ...sqlPages(queries, visibleBucket)];
  pages = new Map([...ownPages(rig.store, observed), ...keyPages]);
  const authenticator = new Authenticator(people.keys.ring);
  app = createOwnApp(rig.store, pages, {
    authenticator,
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" },
    clock: rig.store.clock,
  });
});
afterAll(() => rig.dispose());

type Key = Pick<Person, "accessKeyId" | "secret">;
const basic = ({ accessKeyId, secret }: Key) => ({
  authorization: `Basic ${Buffer.from(`${accessKeyId}:${secret}`).toString("base64")}`,
});

async function ask(page: string, key: Key | null, init: RequestInit & { headers?: Record<string, string> } = {}) {
  const headers = { ...(key && basic(key)), "x-sherd-confirm": "yes", ...init.headers };
  return app.fetch(new Request(`http://sherd.test/-/${page}`, { ...init, headers }));
}
const post = (page: string, key: Key, body: unknown) => ask(page, key, { method: "POST", body: JSON.stringify(body) });

describe("every own page", () => {
  test("has an action of its own, which is documented, and is shut to all who are not allowed it", async () => {
    const documented = tableRows(section(readDocument("docs/operations.md"), "## Who may see the own pages"));
    const actions = [...pages.values()].flat().map(({ action }) => action);
    expect(documented.map(([action = ""]) => action).sort()).toEqual([...actions, OPERATORS_ACTION].sort());
    expect(new Set(actions).size).toBe(actions.length);
    const stranger = await people.user(allowing("s3:*", "iam:*"));
    const foreigner = await people.account("foreigner");
    const foreign = { accessKeyId: foreigner.accessKeyId, secret: foreigner.secretAccessKey };
    for (const [name, ways] of pages) {
      for (const { method, action, isForAccounts } of ways) {
        const with_ = (key: Key | null) => ask(name, key, { method });
        expect([action, (await with_(null)).status]).toEqual([action, 401]);
        expect([action, (await with_(stranger)).status]).toEqual([action, 403]);
        if (!isForAccounts) expect([action, (await with_(foreign)).status]).toEqual([action, 403]);
        const all = [...actions].filter((other) => other !== action);
        const almost = await people.user(allowing(...all));
        expect([action, (await with_(almost)).status]).toEqual([action, 403]);
      }
    }
  });

  test("is open to whoever is allowed its action alone", { tags: ["slow"] }, async () => {
    for (const [name, ways] of pages) {
      for (const { method, action } of ways) {
        const allowed = await people.user(allowing(action));
        const { status } = await ask(name, allowed, { method });
        // What is asked for here may be wrong, but it is not refused.
        expect([action, [200, 400, 404].includes(status)]).toEqual([action, true]);
      }
    }
  });

  test("of a bucket is shut to those who are allowed another bucket's", async () => {
    const one = await people.user(allowing("sherd:PreviewLifecycle").replace('"*"', '"arn:aws:s3:::mine"'));
    expect((await ask("lifecycle-preview/mine", one, { method: "POST" })).status).toBe(404);
    expect((await ask("lifecycle-preview/yours", one, { method: "POST" })).status).toBe(403);
    expect((await ask("lifecycle-preview/%6dine", one, { method: "POST" })).status).toBe(404);
  });

  test("needs the header that no form can send only if it may change something", async () => {
    const readOnly = ["sherd:PreviewLifecycle", "sherd:Query"];
    for (const [name, ways] of pages) {
      for (const { method, action } of ways.filter((way) => way.method !== "GET")) {
        const { status } = await app.fetch(
          new Request(`http://sherd.test/-/${name}`, { method, headers: basic(root) }),
        );
        expect([action, status === 403]).toEqual([action, !readOnly.includes(action)]);
      }
    }
  });

  test("is not kept, framed, sniffed or scripted", async () => {
    for (const [page, key] of [
      ["durability", root],
      ["durability", null],
      ["health", null],
      ["nowhere", null],
    ] as const) {
      const { headers } = await ask(page, key, { headers: { accept: "text/html" } });
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("a monitoring user", () => {
  test("sees the pages until the key is made inactive, at once", async () => {
    const monitor = await people.user(allowing("sherd:GetMetrics"));
    expect((await ask("metrics", monitor)).status).toBe(200);
    expect((await ask("durability", monitor)).status).toBe(403);
    await people.change(
      FIRST_ACCOUNT_ID,
      putInlinePolicy(monitor.id, { name: "inline", document: allowing("sherd:GetDurability") }),
    );
    expect((await ask("metrics", monitor)).status).toBe(403);
    expect((await ask("durability", monitor)).status).toBe(200);
    await people.change(FIRST_ACCOUNT_ID, setKeyStatus(monitor.accessKeyId, "Inactive"));
    expect((await ask("durability", monitor)).status).toBe(401);
  });

  test("may sign for the service sherd instead, temporary credentials too", async () => {
    const id = await people.entity("role", allowing("sherd:GetMetrics"));
    const { accessKeyId, secretAccessKey, sessionToken } = people.session({
      kind: "role",
      id,
      sessionName: "prometheus",
    });
    const key = { accessKeyId, secret: secretAccessKey, sessionToken };
    const send = async (service: string, change: Record<string, string> = {}) => {
      const url = "http://sherd.test/-/metrics";
      const parts = signRequest({ method: "GET", url, ...key, service, nowMs: rig.store.clock.now() });
      return (await app.fetch(new Request(url, { headers: { ...parts.headers, ...change } }))).status;
    };
    expect(await send("sherd")).toBe(200);
    expect(await send("s3")).toBe(401);
    expect(await send("sherd", { "x-amz-security-token": "token" })).toBe(401);
  });
});

describe("accounts", () => {
  test("are made with a root key, listed without it, closed, reopened and re-keyed", async () => {
    const made = await post("accounts", root, { name: "Tenant One", email: "One@Example.org" });
    expect(made.status).toBe(201);
    const account = (await made.json()) as Record<string, string>;
    expect(account).toEqual({
      accountId: expect.stringMatching(/^[1-9]\d{11}$/),
      canonicalId: expect.stringMatching(/^[0-9a-f]{64}$/),
      name: "Tenant One",
      email: "one@example.org",
      accessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
      secretAccessKey: expect.stringMatching(/^.{40}$/),
    });
    const { accountId = "" } = account;
    const listed = await (await ask("accounts", root)).text();
    expect(listed).not.toContain(account.secretAccessKey);
    expect(listed).not.toContain(account.accessKeyId);
    expect(JSON.parse(listed).accounts).toContainEqual(expect.objectContaining({ accountId, state: "active" }));
    const find = async (id = "") => (await people.keys.ring.find(id, undefined)).kind;
    expect(await find(account.accessKeyId)).toBe("key");
    expect((await post("accounts/close", root, { accountId })).status).toBe(200);
    const fresh = new People(rig.store).keys.ring;
    expect((await fresh.find(account.accessKeyId ?? "", undefined)).kind).toBe("closed-account");
    expect((await post("accounts/reopen", root, { accountId })).status).toBe(200);
    const rekeyed = (await (await post("accounts/rekey", root, { accountId })).json()) as Record<string, string>;
    const again = new People(rig.store).keys.ring;
    expect((await again.find(account.accessKeyId ?? "", undefined)).kind).toBe("unknown");
    expect(await again.find(rekeyed.accessKeyId ?? "", undefined)).toMatchObject({ secret: rekeyed.secretAccessKey });
  });

  test("are listed page by page", async () => {
    for (const name of ["page-a", "page-b", "page-c"]) await people.account(name);
    const seen: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const page = (await (await ask(`accounts?limit=2&after=${after}`, root)).json()) as {
        accounts: { accountId: string }[];
        next: string | null;
      };
      expect(page.accounts.length).toBeLessThanOrEqual(2);
      seen.push(...page.accounts.map(({ accountId }) => accountId));
      after = page.next;
    }
    expect(seen).toContain(FIRST_ACCOUNT_ID);
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort()).toEqual(seen);
  });

  test.each([
    ["no JSON", "accounts", "name=x", 400],
    ["a list", "accounts", "[]", 400],
    ["nothing", "accounts", "", 400],
    ["a number for a name", "accounts", '{"name":1,"email":"a@example.org"}', 400],
    ["no e-mail address", "accounts", '{"name":"a"}', 400],
    ["a member that is none", "accounts", '{"name":"a","email":"a@example.org","admin":true}', 400],
    ["no name", "accounts", '{"name":" ","email":"a@example.org"}', 400],
    ["a name of 51 characters", "accounts", `{"name":"${"x".repeat(51)}","email":"a@example.org"}`, 400],
    ["a control character", "accounts", '{"name":"a\\u0000","email":"a@example.org"}', 400],
    ["an address without a domain", "accounts", '{"name":"a","email":"nobody"}', 400],
    ["an address of 65 characters", "accounts", `{"name":"a","email":"${"x".repeat(53)}@example.org"}`, 400],
    ["a taken address, in capitals", "accounts", '{"name":"a","email":"TAKEN@example.org"}', 409],
    ["an unknown account", "accounts/close", '{"accountId":"999999999999"}', 404],
    ["the first account", "accounts/close", `{"accountId":"${FIRST_ACCOUNT_ID}"}`, 409],
    ["the first account's key", "accounts/rekey", `{"accountId":"${FIRST_ACCOUNT_ID}"}`, 409],
    ["an account id that is no text", "accounts/rekey", '{"accountId":1}', 400],
    ["64 KiB and more", "accounts", `{"name":"${"x".repeat(70_000)}","email":"a@example.org"}`, 413],
  ])("%s changes nothing", async (_, page, body, status) => {
    if (body.includes("TAKEN")) await people.account("taken");
    const before = await (await ask("accounts", root)).text();
    const answer = await ask(page, root, { method: "POST", body });
    expect(answer.status).toBe(status);
    expect(await (await ask("accounts", root)).text()).toBe(before);
  });

  test("a limit that is none is refused", async () => {
    for (const limit of ["0", "1001", "x", "1.5"])
      expect((await ask(`accounts?limit=${limit}`, root)).status).toBe(400);
  });
});
