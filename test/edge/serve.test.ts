import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AccessRefused } from "../../src/auth/access.ts";
import { AuthenticationError } from "../../src/auth/authentication-error.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { commonSigningRules, s3SigningRules } from "../../src/auth/sigv4/signing-rules.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { RequestMetrics } from "../../src/edge/request-metrics.ts";
import { serve } from "../../src/edge/serve.ts";
import { BodyTooLarge, type Exchange, type Service } from "../../src/edge/service.ts";
import { FIRST_ACCOUNT_ID } from "../../src/metadata/identities/accounts.ts";
import { putInlinePolicy } from "../../src/metadata/identities/entities.ts";
import { allowing, People, type Person } from "../support/people.ts";
import { type SignerInput, signRequest } from "../support/signer.ts";
import { openTestStore, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
});
afterAll(() => rig.dispose());

const ask = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", resourceAccountId: FIRST_ACCOUNT_ID };
const BYTES_MAX = 1000;

/** A service that says what it was given. */
function service(name: string, more: Partial<Service> = {}): Service {
  return {
    name,
    signing: name === "s3" ? s3SigningRules : commonSigningRules(name),
    body: name === "s3" ? { kind: "stream" } : { kind: "whole", bytesMax: BYTES_MAX },
    answer: async (exchange: Exchange) => {
      const { caller, body } = exchange;
      const text = body === null ? "null" : new TextDecoder().decode(body);
      return { status: 200, body: `${name} ${caller.principal.kind} ${text}` };
    },
    fail: (thrown) => {
      if (thrown instanceof AccessRefused) return { answer: { status: 403, body: `${name}: denied` }, code: "denied" };
      if (thrown instanceof AuthenticationError)
        return { answer: { status: 403, body: `${name}: ${thrown.failure.kind}` }, code: thrown.failure.kind };
      if (thrown instanceof BodyTooLarge) return { answer: { status: 413, body: `${name}: too large` }, code: "large" };
      return { answer: { status: 500, body: `${name}: bug` }, code: "bug", cause: thrown };
    },
    ...more,
  };
}

const demanding = (name: string) =>
  service(name, {
    answer: async ({ caller }) => {
      caller.demand([ask]);
      return { status: 200, body: "allowed" };
    },
  });

const sts = service("sts", {
  claims: (_, body) => new TextDecoder().decode(body ?? undefined).includes("Action=Free"),
});

/** What one isolate does: its own memory of keys over the same database. */
function isolate(services: readonly [Service, ...Service[]], from = people) {
  const log: string[] = [];
  const edge = {
    services,
    authenticator: new Authenticator(from.keys.ring),
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" } as const,
    clock: rig.store.clock,
    random: rig.store.random,
    log: { info: (line: string) => log.push(line), error: (line: string) => log.push(line) },
    logRequests: null,
    metrics: new RequestMetrics(),
  };
  return { log, send: (request: Request) => serve(request, edge, { waitUntil: () => {} }) };
}

function signed(key: Pick<Person, "accessKeyId" | "secret">, input: Partial<SignerInput> = {}): Request {
  const url = "http://sherd.test/";
  const parts = signRequest({ method: "GET", url, ...key, nowMs: rig.store.clock.now(), ...input });
  const body = parts.method === "GET" ? {} : { body: Buffer.from(parts.body) };
  return new Request(parts.url, { method: parts.method, headers: parts.headers, ...body });
}

const textOf = async (response: Promise<Response>) => (await response).text();

describe("the service", () => {
  const all = [service("s3"), service("iam"), sts] as const;

  test.each([
    ["s3", "s3 user null"],
    ["s3express", "s3 user null"],
    ["iam", "iam user "],
    ["sts", "sts user "],
    // Nobody's: the first one says what is wrong with it.
    ["dynamodb", "s3: malformedCredential"],
  ])("of the scope %s", async (scope, expected) => {
    const user = await people.user();
    const { send } = isolate(all);
    expect(await textOf(send(signed(user, { service: scope })))).toBe(expected);
    const presign = { expiresSeconds: 60 };
    const text = await textOf(send(signed(user, { service: scope, presign, payload: { mode: "hash" } })));
    expect(text).toBe(expected);
  });

  test("of a request that nobody signed is what it claims to be", async () => {
    const { send } = isolate(all);
    const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    const post = (path: string, body: string, headers: Record<string, string> = form) =>
      textOf(send(new Request(`http://sherd.test${path}`, { method: "POST", headers, body })));
    expect(await post("/", "Action=Free&Version=1")).toBe("sts anonymous Action=Free&Version=1");
    expect(await post("/", "Action=Other")).toBe("s3 anonymous null");
    expect(await post("/bucket", "Action=Free")).toBe("s3 anonymous null");
    expect(await post("/", "Action=Free", { "content-type": "text/plain" })).toBe("s3 anonymous null");
    expect(await textOf(send(new Request("http://sherd.test/bucket/key")))).toBe("s3 anonymous null");
  });

  test("acts on a whole body only if its digest was signed", async () => {
    const user = await people.user();
    const { send } = isolate(all);
    const good = { service: "iam", method: "POST", body: "Action=ListUsers" };
    expect(await textOf(send(signed(user, good)))).toBe("iam user Action=ListUsers");
    const parts = signRequest({ ...good, url: "http://sherd.test/", ...user, nowMs: rig.store.clock.now() });
    const { "content-length": _, ...headers } = parts.headers;
    const swapped = new Request("http://sherd.test/", { method: "POST", headers, body: "Action=DeleteUser" });
    expect(await textOf(send(swapped))).toBe("iam: signatureDoesNotMatch");
    const unsigned = signed(user, { ...good, payload: { mode: "unsigned" } });
    expect(await textOf(send(unsigned))).toBe("iam: signatureDoesNotMatch");
  });

  test("takes no body beyond its limit, declared or not", async () => {
    const user = await people.user();
    const { send } = isolate(all);
    const body = "x".repeat(BYTES_MAX + 1);
    expect((await send(signed(user, { service: "iam", method: "POST", body }))).status).toBe(413);
    const parts = signRequest({
      service: "iam",
      method: "POST",
      body,
      url: "http://sherd.test/",
      ...user,
      nowMs: rig.store.clock.now(),
    });
    const { "content-length": _, ...headers } = parts.headers;
    const stream = new Blob([body]).stream();
    const streamed = new Request("http://sherd.test/", {
      method: "POST",
      headers,
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect((await send(streamed)).status).toBe(413);
  });

  test("renders what it throws, and a bug is a line of the log", async () => {
    const user = await people.user();
    const broken = service("s3", { answer: () => Promise.reject(new TypeError("x is undefined")) });
    const { send, log } = isolate([broken]);
    expect(await textOf(send(signed(user)))).toBe("s3: bug");
    expect(log.join("\n")).toContain("bug: TypeError: x is undefined");
    expect(log.join("\n")).not.toContain(user.secret);
  });
});

describe("two isolates", () => {
  test("a grant counts in both at once, and so does what is taken away", async () => {
    const user = await people.user(allowing("s3:PutObject"));
    const [one, other] = [people, new People(rig.store)].map((from) => isolate([demanding("s3")], from));
    const both = async () => [(await one?.send(signed(user)))?.status, (await other?.send(signed(user)))?.status];
    const set = (...actions: string[]) =>
      people.change(FIRST_ACCOUNT_ID, putInlinePolicy(user.id, { name: "inline", document: allowing(...actions) }));
    expect(await both()).toEqual([403, 403]);
    await set("s3:GetObject");
    expect(await both()).toEqual([200, 200]);
    // This service reads nothing of D1, so nothing tells it of a change: what it would do is guarded by the batch that does it.
    await set("s3:PutObject");
    const guarded = service("s3", {
      answer: async ({ caller }) => {
        caller.demand([ask]);
        await (caller.guard === null ? rig.store.metadata : rig.store.metadata.guardedBy(caller.guard)).buckets.find(
          "b",
        );
        return { status: 200, body: "allowed" };
      },
    });
    for (const from of [people, new People(rig.store)]) {
      expect((await isolate([guarded], from).send(signed(user))).status).toBe(403);
    }
  });

  test("a denial costs one round trip to be sure, and what is allowed none", async () => {
    const user = await people.user(allowing("s3:GetObject"));
    const denied = await people.user(allowing("s3:PutObject"));
    const { send } = isolate([demanding("s3")]);
    for (const [key, status, roundTrips] of [
      [user, 200, 0],
      [denied, 403, 1],
    ] as const) {
      await send(signed(key));
      rig.takeCost();
      expect((await send(signed(key))).status).toBe(status);
      expect(rig.takeCost().roundTrips).toBe(roundTrips);
    }
  });
});
