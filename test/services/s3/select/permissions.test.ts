import { afterAll, beforeAll, expect, test } from "vitest";
import { firstAccount } from "../../../../src/auth/principal.ts";
import { allowing, nobody, otherRoot, root, s3As, user } from "../../../support/s3-as.ts";
import { openTestStore, type TestStore } from "../../../support/store.ts";
import { recordsOf, selectDocument } from "./messages.ts";

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore();
  const s3 = s3As(rig.store, root);
  await s3({ method: "PUT", path: "/bucket" });
  const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  await s3({ method: "PUT", path: "/bucket/open/a.csv", headers, body: "a\n1\n" });
  await s3({ method: "PUT", path: "/bucket/shut/a.csv", headers, body: "a\n1\n" });
});
afterAll(() => rig.dispose());

const select = (who: Parameters<typeof s3As>[1], path: string) =>
  s3As(
    rig.store,
    who,
  )({
    method: "POST",
    path: `${path}?select&select-type=2`,
    headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
    body: selectDocument({ expression: "SELECT COUNT(*) FROM S3Object" }),
  });
const reader = user(firstAccount, [allowing("s3:GetObject", "arn:aws:s3:::bucket/open/*")]);

test("s3:GetObject on the object is what it takes", async () => {
  const allowed = await select(reader, "/bucket/open/a.csv");
  expect([allowed.status, recordsOf(allowed.bytes)]).toEqual([200, "1\n"]);
});

test.each([
  ["a user on another key", reader, "/bucket/shut/a.csv"],
  [
    "a user who may do everything but that",
    user(firstAccount, [allowing(["s3:PutObject", "s3:List*", "s3:GetObjectVersion"])]),
    "/bucket/open/a.csv",
  ],
  ["a user without policies", user(firstAccount), "/bucket/open/a.csv"],
  ["another account", otherRoot, "/bucket/open/a.csv"],
  ["nobody", nobody, "/bucket/open/a.csv"],
])("%s may not, and is not told what is there", async (_, who, path) => {
  expect(await select(who, path)).toMatchObject({ status: 403, code: "AccessDenied" });
  expect(await select(who, `${path}-absent`)).toMatchObject({ status: 403, code: "AccessDenied" });
});

test("an anonymous caller who may read the object may not query it", async () => {
  const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  const owner = s3As(rig.store, root);
  await owner({ method: "PUT", path: "/public" });
  await owner({ method: "PUT", path: "/public/a.csv", headers, body: "a\n1\n" });
  await owner({ method: "DELETE", path: "/public?publicAccessBlock" });
  const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::public/*" };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  expect(await owner({ method: "PUT", path: "/public?policy", headers, body: policy })).toMatchObject({ status: 204 });
  expect(await s3As(rig.store, nobody)({ method: "GET", path: "/public/a.csv" })).toMatchObject({ status: 200 });
  expect(await select(otherRoot, "/public/a.csv")).toMatchObject({ status: 200 });
  expect(await select(nobody, "/public/a.csv")).toMatchObject({ status: 403, code: "AccessDenied" });
});
