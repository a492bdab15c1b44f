import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { FIRST_ACCOUNT_ID } from "../../../../src/metadata/identities/accounts.ts";
import { deleteKey } from "../../../../src/metadata/identities/keys.ts";
import { createBucket } from "../../../../src/store/buckets/buckets.ts";
import { DATABASE_BYTES_MAX } from "../../../../src/store/buckets/choose-database.ts";
import { DatabasesRig } from "../../../support/databases.ts";
import { allowing, People, type Person, rootVariables } from "../../../support/people.ts";
import { s3App } from "../../../support/s3-app.ts";
import { type SignerInput, signRequest } from "../../../support/signer.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

const root: Pick<Person, "accessKeyId" | "secret"> = {
  accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID,
  secret: rootVariables.SHERD_SECRET_ACCESS_KEY,
};
const bucket = { name: "bucket", owner: firstAccount.canonicalId, region: "us-east-1" };

type Asked = Partial<SignerInput> & { path: string };

/** Each kind of request, so that both find the same: what one makes, the other replaces. */
const requests: Asked[] = [
  { method: "PUT", path: "/bucket/key", body: "bytes" },
  { path: "/bucket/key" },
  { method: "HEAD", path: "/bucket/key" },
  { path: "/bucket?list-type=2" },
  { path: "/bucket/key?tagging" },
  { method: "PUT", path: "/bucket/key?tagging", body: "<Tagging><TagSet/></Tagging>" },
  { method: "PUT", path: "/bucket/copy", headers: { "x-amz-copy-source": "/bucket/key" } },
  { path: "/bucket?versions" },
  { method: "HEAD", path: "/bucket" },
  { path: "/bucket?location" },
  { path: "/" },
  { method: "DELETE", path: "/bucket/copy" },
  { path: "/bucket/absent" },
];

function sender(app: ReturnType<typeof s3App>, now: () => number) {
  return async (key: Pick<Person, "accessKeyId" | "secret">, { path, ...given }: Asked) => {
    const parts = signRequest({ method: "GET", ...key, ...given, url: `http://sherd.test${path}`, nowMs: now() });
    const hasBody = parts.method === "PUT" || parts.method === "POST";
    const headers = { ...parts.headers, ...(hasBody && { "content-length": `${parts.body.length}` }) };
    const init = { method: parts.method, headers, ...(hasBody && { body: Buffer.from(parts.body) }) };
    const response = await app(new Request(parts.url, init));
    await response.arrayBuffer();
    return response.status;
  };
}

describe("a request by a user that an isolate knows", () => {
  let rig: TestStore;
  let people: People;
  beforeAll(async () => {
    rig = await openTestStore({ countsRows: true });
    people = new People(rig.store);
    await createBucket(rig.store, bucket);
  });
  afterAll(() => rig.dispose());

  test("costs the round trips of the root's, two rows read more at the most, and none written", {
    tags: ["slow"],
  }, async () => {
    const user = await people.user(allowing("s3:*"));
    const send = sender(s3App(rig.store, people.keys.ring), () => rig.store.clock.now());
    for (const key of [root, user]) await send(key, { method: "PUT", path: "/bucket/key", body: "bytes" });
    for (const asked of requests) {
      const name = `${asked.method ?? "GET"} ${asked.path}`;
      // Once before it counts: what is written is replaced by both.
      if (asked.method !== "DELETE") await send(root, asked);
      rig.takeCost();
      const expected = await send(root, asked);
      const byRoot = rig.takeCost();
      if (asked.method === "DELETE") await send(root, requests[6] as Asked);
      rig.takeCost();
      expect([name, await send(user, asked)]).toEqual([name, expected]);
      const byUser = rig.takeCost();
      expect([name, byUser.roundTrips]).toEqual([name, byRoot.roundTrips]);
      expect([name, byUser.rowsRead - byRoot.rowsRead <= 2 * byRoot.roundTrips]).toEqual([name, true]);
      expect([name, byUser.rowsWritten]).toEqual([name, byRoot.rowsWritten]);
    }
  });

  test("is refused from the moment on in which its key is deleted, by another isolate too", {
    tags: ["slow"],
  }, async () => {
    const user = await people.user(allowing("s3:*"));
    const now = () => rig.store.clock.now();
    const isolates = [people, new People(rig.store)].map(({ keys }) => sender(s3App(rig.store, keys.ring), now));
    for (const send of isolates) expect(await send(user, { path: "/bucket/key" })).toBe(200);
    await people.change(FIRST_ACCOUNT_ID, deleteKey(user.accessKeyId));
    for (const asked of requests) for (const send of isolates) expect(await send(user, asked)).toBe(403);
  });

  test("is refused so for its account's public access block too", async () => {
    const user = await people.user(allowing("s3:*"));
    const now = () => rig.store.clock.now();
    const send = sender(s3App(rig.store, new People(rig.store).keys.ring), now);
    const body =
      "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>";
    const block = {
      path: "/v20180820/configuration/publicAccessBlock",
      headers: { "x-amz-account-id": FIRST_ACCOUNT_ID },
    };
    expect(await send(user, { ...block, method: "PUT", body })).toBe(200);
    await people.change(FIRST_ACCOUNT_ID, deleteKey(user.accessKeyId));
    for (const method of ["GET", "PUT", "DELETE"])
      expect([method, await send(user, { ...block, method, ...(method === "PUT" && { body }) })]).toEqual([
        method,
        403,
      ]);
    expect(await send(root, block)).toBe(200);
    expect(await send(root, { ...block, method: "DELETE" })).toBe(204);
  });
});

test("in another database a read asks beside, and a write asks before", async () => {
  const rig = await DatabasesRig.open(["DB", "DB_2"]);
  const store = rig.isolate(["DB", "DB_2"]);
  const people = new People(store);
  rig.sizesBytes.set("DB", DATABASE_BYTES_MAX);
  await createBucket(store, bucket);
  const user = await people.user(allowing("s3:*"));
  const send = sender(s3App(store, people.keys.ring), () => rig.clock.now());
  const put = { method: "PUT", path: "/bucket/key", body: "bytes" };
  for (const key of [root, user])
    expect([await send(key, put), await send(key, { path: "/bucket/key" })]).toEqual([200, 200]);
  const batches = (key: typeof root, asked: Asked) => rig.batchesOf(() => send(key, asked));
  expect(await batches(root, { path: "/bucket/key" })).toEqual({ DB_2: 1 });
  expect(await batches(user, { path: "/bucket/key" })).toEqual({ DB: 1, DB_2: 1 });
  expect(await batches(root, put)).toEqual({ DB_2: 1 });
  expect(await batches(user, put)).toEqual({ DB: 1, DB_2: 1 });
  await rig.dispose();
});
