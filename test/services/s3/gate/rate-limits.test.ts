import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rateLimitPages } from "../../../../src/admin/rate-limit-pages.ts";
import type { AskedPage } from "../../../../src/admin/serve-page.ts";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { type Clock, systemClock } from "../../../../src/base/clock.ts";
import { FIRST_ACCOUNT_ID } from "../../../../src/metadata/identities/accounts.ts";
import { type RateLimit, setRateLimit } from "../../../../src/metadata/identities/rate-limits.ts";
import { createBucket } from "../../../../src/store/buckets/buckets.ts";
import { DATABASE_BYTES_MAX } from "../../../../src/store/buckets/choose-database.ts";
import { DatabasesRig } from "../../../support/databases.ts";
import { formBody, signForm } from "../../../support/form.ts";
import { allowing, People, type Person, rootVariables } from "../../../support/people.ts";
import { s3App } from "../../../support/s3-app.ts";
import { signRequest } from "../../../support/signer.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const ROOT = { accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID, secret: rootVariables.SHERD_SECRET_ACCESS_KEY };
const EVERYBODY = [{ grantee: { group: "AllUsers" }, permission: "READ" } as const];
const BOUNDARY = "a-boundary";
let rig: TestStore;
let people: People;
/** An isolate that has granted nothing yet. */
let s3: ReturnType<typeof s3App>;
let nowMs = Date.UTC(2026, 10, 21);
/** Time passes between tests only, and whoever sleeps wakes at once. */
const clock: Clock = {
  now: () => nowMs,
  timer: (ms) => systemClock.timer(ms),
  sleep: async (ms) => void slept.push(ms),
};
const slept: number[] = [];

beforeAll(async () => {
  rig = await openTestStore({ clock });
  people = new People(rig.store);
  s3 = s3App(rig.store, people.keys.ring);
  for (const bucket of ["open", "shut"]) {
    expect((await send(ROOT, "PUT", `/${bucket}`)).status).toBe(200);
    expect((await send(ROOT, "PUT", `/${bucket}/a`, "x".repeat(3_000))).status).toBe(200);
  }
  expect((await send(ROOT, "DELETE", "/open?publicAccessBlock")).status).toBe(204);
  const Resource = "arn:aws:s3:::open/*";
  const Statement = [{ Effect: "Allow", Principal: "*", Action: ["s3:GetObject", "s3:PutObject"], Resource }];
  const policy = JSON.stringify({ Version: "2012-10-17", Statement });
  expect((await send(ROOT, "PUT", "/open?policy", policy)).status).toBe(204);
});
afterAll(() => rig.dispose());
beforeEach(async () => {
  await limit({});
  // A bucket is remembered for a minute, with the limits of its owner.
  nowMs += 61_000;
  s3 = s3App(rig.store, people.keys.ring);
});

/** Of the first account, or of a key of it. */
async function limit(most: Partial<RateLimit>, accessKeyId: string | null = null): Promise<void> {
  const all = { requestsPerSecond: null, bytesInPerSecond: null, bytesOutPerSecond: null, ...most };
  await people.change(FIRST_ACCOUNT_ID, setRateLimit({ accountId: FIRST_ACCOUNT_ID, accessKeyId }, all));
}

function send(
  key: Pick<Person, "accessKeyId" | "secret"> | null,
  method: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer> = "",
  headers: Record<string, string> = {},
): Promise<Response> {
  const url = `http://sherd.test${path}`;
  const all = { ...headers, "content-length": String(Buffer.byteLength(body)) };
  const sent = key ? { ...signRequest({ method, url, body, ...key, service: "s3", nowMs }).headers, ...all } : all;
  return s3(
    new Request(url, {
      method,
      headers: sent,
      ...(method !== "GET" && method !== "DELETE" && { body: inPieces(body), duplex: "half" }),
    }),
  );
}

/** As it comes over a network, 50 KB at a time. */
function inPieces(body: string | Uint8Array<ArrayBuffer>): ReadableStream {
  const bytes = Buffer.from(body);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, at + 50_000)));
      at += 50_000;
    },
  });
}

const statuses = async (count: number, one: () => Promise<Response>) => {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const answer = await one();
    await answer.arrayBuffer();
    found.push(answer.status);
  }
  return found;
};

describe("requests that nobody signed", () => {
  test("count for the account that owns the bucket, in the same round trip", async () => {
    await limit({ requestsPerSecond: 2 });
    const owner = await people.user();
    rig.takeCost();
    expect(await statuses(2, () => send(null, "GET", "/open/a"))).toEqual([200, 200]);
    expect(rig.takeCost().roundTrips).toBe(2);
    const refused = await send(null, "GET", "/open/a");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await refused.text()).toContain("<Code>SlowDown</Code>");
    // It is one account, and one limit.
    expect((await send(owner, "GET", "/open/a")).status).toBe(503);
  });

  test("are refused before anything is stored", async () => {
    await limit({ requestsPerSecond: 1 });
    expect(await statuses(2, () => send(null, "PUT", "/open/new", "x"))).toEqual([200, 503]);
    expect((await send(null, "PUT", "/open/new", "other")).status).toBe(503);
    expect(await (await send(ROOT, "GET", "/open/new")).text()).toBe("x");
  });

  test("use up nothing where they are denied", async () => {
    await limit({ requestsPerSecond: 1 });
    expect(await statuses(3, () => send(null, "GET", "/shut/a"))).toEqual([403, 403, 403]);
    expect(await statuses(2, () => send(null, "GET", "/open/a"))).toEqual([200, 503]);
  });

  test("count once, however often the bucket is looked at", async () => {
    await limit({ requestsPerSecond: 2 });
    expect(await statuses(3, () => send(null, "PUT", "/open/new", "x"))).toEqual([200, 200, 503]);
  });

  test("are refused if their answers are far behind", async () => {
    await limit({ bytesOutPerSecond: 100 });
    // 3,000 bytes are 29 seconds more than a burst.
    expect(await statuses(2, () => send(null, "GET", "/open/a"))).toEqual([200, 503]);
  });

  test("are paced by the bytes that they send", async () => {
    await limit({ bytesInPerSecond: 100_000 });
    // Who owns the bucket is known before the next body comes.
    expect((await send(null, "PUT", "/open/new", "x")).status).toBe(200);
    slept.length = 0;
    expect((await send(null, "PUT", "/open/new", "x".repeat(200_000))).status).toBe(200);
    expect(Math.max(...slept)).toBeGreaterThan(300);
    s3 = s3App(rig.store, people.keys.ring);
    await limit({ bytesInPerSecond: 100 });
    nowMs += 61_000;
    expect(await statuses(2, () => send(null, "PUT", "/open/new", "x".repeat(3_000)))).toEqual([200, 503]);
  });
});

describe("forms", () => {
  /** Null: nobody signs it. */
  const post = (key: Person | null, file = "x") => {
    const conditions = [{ bucket: "open" }, { key: "form" }];
    const fields = { key: "form", ...(key && signForm({ ...key, nowMs, conditions })) };
    const parts = [
      ...Object.entries(fields).map(([name, body]) => ({ name, body })),
      { name: "file", filename: "f", body: file },
    ];
    const type = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
    return send(null, "POST", "/open", new Uint8Array(formBody(BOUNDARY, parts)), type);
  };

  test("count for the key that signed their policy", async () => {
    const [user, other] = [await people.user(allowing("s3:*")), await people.user(allowing("s3:*"))];
    await limit({ requestsPerSecond: 2 }, user.accessKeyId);
    expect(await statuses(3, () => post(user))).toEqual([204, 204, 503]);
    expect((await post(other)).status).toBe(204);
    expect((await send(user, "GET", "/open/a")).status).toBe(503);
  });

  test("count for the bucket's owner where nobody signed them, with their bytes", async () => {
    await limit({ requestsPerSecond: 1 });
    expect(await statuses(2, () => post(null))).toEqual([204, 503]);
  });

  test("are paced by their bytes, whoever signed them", async () => {
    await limit({ bytesInPerSecond: 100 });
    expect(await statuses(2, () => post(null, "x".repeat(3_000)))).toEqual([204, 503]);
    nowMs += 61_000;
    const user = await people.user(allowing("s3:*"));
    expect(await statuses(2, () => post(user, "x".repeat(3_000)))).toEqual([204, 503]);
  });
});

test("an account's limits hold for its buckets in every database", async () => {
  const several = await DatabasesRig.open(["DB", "DB_2"]);
  try {
    const store = several.isolate(["DB", "DB_2"]);
    several.sizesBytes.set("DB", DATABASE_BYTES_MAX);
    const bucket = { name: "far", owner: firstAccount.canonicalId, region: "us-east-1" };
    await createBucket(store, { ...bucket, access: { ownership: "ObjectWriter", acl: EVERYBODY, block: "none" } });
    const far = s3App(store, new People(store).keys.ring);
    const [, put] = rateLimitPages(store).get("rate-limits") ?? [];
    const body = Buffer.from(JSON.stringify({ accountId: FIRST_ACCOUNT_ID, requestsPerSecond: 1 }));
    expect((await put?.render({ body } as unknown as AskedPage))?.status).toBe(200);
    const list = () => far(new Request("http://sherd.test/far"));
    expect((await list()).status).toBe(200);
    const refused = await several.batchesOf(async () => expect((await list()).status).toBe(503));
    expect(refused).toEqual({ DB_2: 1 });
  } finally {
    await several.dispose();
  }
});
