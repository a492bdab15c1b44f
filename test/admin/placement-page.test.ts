import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOwnApp } from "../../src/admin/own-app.ts";
import { placementPage } from "../../src/admin/placement-page.ts";
import { Authenticator } from "../../src/auth/authenticator.ts";
import { CLIENT_PATIENCE } from "../../src/edge/client-patience.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { putObject } from "../../src/store/write/write.ts";
import { allowing, People, type Person, rootVariables } from "../support/people.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

let rig: TestStore;
let people: People;
let app: ReturnType<typeof createOwnApp>;
beforeAll(async () => {
  rig = await openTestStore();
  people = new People(rig.store);
  const door = {
    authenticator: new Authenticator(people.keys.ring),
    patience: CLIENT_PATIENCE,
    clientAddress: { from: "connection" as const },
    clock: rig.store.clock,
  };
  app = createOwnApp(rig.store, new Map([["placement", [placementPage(rig.store)]]]), door);
  await createBucket(rig.store, { name: "bucket", owner: "root", region: "us-east-1" });
  for (const key of ["a/../b", "a/c", "d"]) await putObject(rig.store, put("bucket", key, pattern(100)));
});
afterAll(() => rig.dispose());

const root = { accessKeyId: rootVariables.SHERD_ACCESS_KEY_ID, secret: rootVariables.SHERD_SECRET_ACCESS_KEY };

async function ask(query: Record<string, string>, { accessKeyId, secret }: Pick<Person, "accessKeyId" | "secret">) {
  const authorization = `Basic ${Buffer.from(`${accessKeyId}:${secret}`).toString("base64")}`;
  const url = `http://sherd.test/-/placement?${new URLSearchParams(query)}`;
  return app.fetch(new Request(url, { headers: { authorization } }));
}

describe("GET /-/placement", () => {
  test("tells of any key, also one that no path can name", async () => {
    const answer = await ask({ bucket: "bucket", key: "a/../b" }, root);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { sizeBytes: 100, inlineBytes: 100, drivesThatMayBeLost: null, blobs: [], truncated: false },
    ]);
  });

  test("is for those who are allowed it on the object", async () => {
    const statement = { Effect: "Allow", Action: "sherd:GetObjectPlacement", Resource: "arn:aws:s3:::bucket/a/*" };
    const some = await people.user(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
    expect((await ask({ bucket: "bucket", key: "a/c" }, some)).status).toBe(200);
    expect((await ask({ bucket: "bucket", key: "d" }, some)).status).toBe(403);
    expect((await ask({ bucket: "none", key: "a/c" }, some)).status).toBe(403);
    const stranger = await people.user(allowing("s3:*"));
    expect((await ask({ bucket: "bucket", key: "a/c" }, stranger)).status).toBe(403);
    const { accessKeyId, secretAccessKey: secret } = await people.account("foreigner");
    expect((await ask({ bucket: "bucket", key: "a/c" }, { accessKeyId, secret })).status).toBe(403);
  });

  test("is for another account too, of its own buckets", async () => {
    const { accessKeyId, secretAccessKey: secret, accountId, canonicalId } = await people.account("tenant");
    const key = { accessKeyId, secret };
    await createBucket(rig.store, { name: "theirs", owner: canonicalId, ownerAccount: accountId, region: "us-east-1" });
    await putObject(rig.store, put("theirs", "k", pattern(100)));
    expect((await ask({ bucket: "theirs", key: "k" }, key)).status).toBe(200);
    expect((await ask({ bucket: "theirs", key: "none" }, key)).status).toBe(404);
    expect((await ask({ bucket: "bucket", key: "d" }, key)).status).toBe(403);
  });

  test("says what is wrong with what is asked", async () => {
    for (const query of [
      { bucket: "bucket", key: "" },
      { bucket: "../x", key: "k" },
      { bucket: "bucket", key: "k".repeat(1025) },
    ]) {
      expect((await ask(query, root)).status).toBe(400);
    }
    expect((await ask({ bucket: "none", key: "k" }, root)).status).toBe(404);
    expect((await ask({ bucket: "bucket", key: "k" }, root)).status).toBe(404);
    expect((await ask({ bucket: "bucket", key: "d", versionId: "x" }, root)).status).toBe(404);
  });
});
