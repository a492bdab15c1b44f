import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { storeOf } from "../../../../src/store/buckets/databases.ts";
import { DatabasesRig } from "../../../support/databases.ts";
import { type Asker, allowing, root, type S3As, type S3Request, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";

// What access control costs in D1: counts, so the same on every machine. The budget is that of docs/architecture.md.

/** A policy as large as S3 takes one. */
const STATEMENTS = Array.from({ length: 60 }, (_, index) => ({
  Sid: `s${index}`,
  Effect: "Allow",
  Principal: { AWS: "200000000002" },
  Action: ["s3:GetObject", "s3:PutObject"],
  Resource: `arn:aws:s3:::policed/department-${index}/${"x".repeat(180)}/*`,
}));
const POLICY = JSON.stringify({ Version: "2012-10-17", Statement: STATEMENTS });
const TAGGING = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ countsRows: true });
  const as = s3As(rig.store, root);
  for (const name of ["plain", "policed"]) {
    await done(as, { method: "PUT", path: `/${name}` });
    for (let index = 0; index < 30; index++) await done(as, { method: "PUT", path: `/${name}/k${index}`, body: "x" });
  }
  await done(as, { method: "PUT", path: "/policed?policy", body: POLICY });
});
afterAll(() => rig.dispose());

async function done(as: S3As, request: S3Request): Promise<void> {
  const { status, text } = await as(request);
  if (status >= 300) throw new Error(`${request.path}: ${status} ${text}`);
}

const askers: [string, Asker][] = [
  ["root", root],
  ["a user", user(firstAccount, [allowing(["s3:*"])])],
];

describe.each(askers)("%s", (_, asker) => {
  describe.each(["plain", "policed"])("in bucket %s", (bucket) => {
    test.each<[string, S3Request, number, number]>([
      ["GetObject", { path: `/${bucket}/k1` }, 10, 0],
      ["HeadObject", { method: "HEAD", path: `/${bucket}/k1` }, 10, 0],
      ["GetObject of what is not there", { path: `/${bucket}/absent` }, 10, 0],
      ["ListObjectsV2", { path: `/${bucket}?list-type=2` }, 2 * 33 + 20, 0],
      ["ListObjectsV2 with a delimiter", { path: `/${bucket}?list-type=2&delimiter=1` }, 2 * 33 + 20, 0],
      ["ListObjectVersions", { path: `/${bucket}?versions` }, 2 * 33 + 20, 0],
      ["PutObject", { method: "PUT", path: `/${bucket}/new`, body: "x" }, 10, 4],
      ["DeleteObject", { method: "DELETE", path: `/${bucket}/new` }, 10, 4],
      ["PutObjectTagging", { method: "PUT", path: `/${bucket}/k1?tagging`, body: TAGGING }, 12, 1],
      ["GetBucketTagging", { path: `/${bucket}?tagging` }, 10, 0],
      ["PutBucketTagging", { method: "PUT", path: `/${bucket}?tagging`, body: TAGGING }, 10, 1],
      ["HeadBucket", { method: "HEAD", path: `/${bucket}` }, 10, 0],
    ])("%s takes one round trip", async (_, request, rowsRead, rowsWritten) => {
      const as = s3As(rig.store, asker);
      // The bucket is remembered from here on.
      await done(as, { method: "PUT", path: `/${bucket}/warm`, body: "x" });
      rig.takeCost();
      await as(request);
      const cost = rig.takeCost();
      expect(cost.roundTrips).toBe(1);
      expect(cost.rowsRead).toBeLessThanOrEqual(rowsRead);
      expect(cost.rowsWritten).toBeLessThanOrEqual(rowsWritten);
    });

    test("CopyObject takes two", async () => {
      rig.takeCost();
      await done(s3As(rig.store, asker), {
        method: "PUT",
        path: `/${bucket}/copy`,
        headers: { "x-amz-copy-source": "/plain/k2" },
      });
      const cost = rig.takeCost();
      expect(cost.roundTrips).toBe(2);
      expect(cost.rowsRead).toBeLessThanOrEqual(20);
      expect(cost.rowsWritten).toBeLessThanOrEqual(5);
    });
  });
});

test("the settings of a bucket, however large, are read once", async () => {
  const results: number[] = [];
  const d1 = new Proxy(rig.d1, {
    get: (target, name) =>
      name === "batch"
        ? async (statements: D1PreparedStatement[]) => {
            const answers = await target.batch(statements);
            results.push(JSON.stringify(answers).length);
            return answers;
          }
        : Reflect.get(target, name).bind(target),
  });
  const { buildStore } = await import("../../../support/store.ts");
  const store = buildStore({ drives: rig.drives, engine: rig.store.engine, d1 });
  const as = s3As(store, user(firstAccount, [allowing("s3:*")]));
  for (let time = 0; time < 3; time++) await done(as, { path: "/policed/k1" });
  expect(results[0]).toBeGreaterThan(POLICY.length);
  expect(results.slice(1).every((length) => length < 3000)).toBe(true);
});

test("a bucket in another database costs one batch there, and none in the first", async () => {
  const several = await DatabasesRig.open(["DB", "DB_2"]);
  try {
    const store = several.isolate(["DB", "DB_2"]);
    const as = s3As(store, root);
    // By lot: one of them lies in the second database.
    let name = "";
    for (let index = 0; index < 40 && name === ""; index++) {
      await done(as, { method: "PUT", path: `/bucket-${index}` });
      const { metadata } = await storeOf(store, `bucket-${index}`);
      if (metadata.identity.name === "DB_2") name = `bucket-${index}`;
    }
    await done(as, { method: "PUT", path: `/${name}/k`, body: "x" });
    await done(as, { method: "PUT", path: `/${name}?policy`, body: POLICY.replaceAll("policed", name) });
    await done(as, { method: "PUT", path: `/${name}/k`, body: "x" });
    const requests: S3Request[] = [
      { path: `/${name}/k` },
      { path: `/${name}` },
      { method: "PUT", path: `/${name}/k`, body: "y" },
      { method: "DELETE", path: `/${name}/k` },
    ];
    for (const request of requests) {
      expect(await several.batchesOf(() => as(request))).toEqual({ DB_2: 1 });
    }
  } finally {
    await several.dispose();
  }
});
