import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { firstAccount } from "../../../src/auth/principal.ts";
import { carryQueries } from "../../../src/maintenance/queries/carry-queries.ts";
import { MetadataUnavailable } from "../../../src/metadata/database.ts";
import { AthenaRig } from "./rig.ts";

const KEYS = Array.from({ length: 620 }, (_, at) => `${at < 300 ? "a" : "b"}/${String(at).padStart(4, "0")}`);
const QUERY = "SELECT substr(key, 1, 1) AS f, count(*) AS n FROM objects WHERE bucket = 'big' GROUP BY 1 ORDER BY 1";
const budget = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };

let rig: AthenaRig;
beforeAll(async () => {
  // The first step of any query is more.
  rig = await AthenaRig.open({ SHERD_SQL_STEPPED_ROWS: "1", SHERD_SQL_QUERIES: "2" });
  await rig.bucket("results");
  await rig.bucket("big", KEYS);
});
afterAll(() => rig.test.dispose());

async function results(id: string): Promise<(string | undefined)[][]> {
  const { ResultSet } = await rig.call("GetQueryResults", { QueryExecutionId: id });
  return ResultSet.Rows.map(({ Data }: { Data: { VarCharValue?: string }[] }) =>
    Data.map(({ VarCharValue }) => VarCharValue),
  );
}

async function stateOf(QueryExecutionId: string, caller = rig.caller()) {
  const { QueryExecution } = await rig.call("GetQueryExecution", { QueryExecutionId }, caller);
  return { state: QueryExecution.Status.State, reason: QueryExecution.Status.StateChangeReason };
}

const carry = async () => carryQueries.run(rig.test.store, budget, null);

test("a query that one request cannot finish is carried on by the job, and ends when it is asked for", async () => {
  const { id, state } = await rig.run(QUERY);
  expect(state).toBe("RUNNING");
  expect((await rig.call("GetQueryResults", { QueryExecutionId: id })).status).toBe(400);
  await rig.clock.advance(11 * 60_000);
  expect((await stateOf(id)).state).toBe("RUNNING");
  expect(await carry()).toMatchObject({ report: { carriedQueries: 1 }, isUnfinished: false });
  expect(await stateOf(id)).toEqual({ state: "SUCCEEDED", reason: undefined });
  expect(await results(id)).toEqual([
    ["f", "n"],
    ["a", "300"],
    ["b", "320"],
  ]);
  expect(await rig.test.store.metadata.carriedQueries.due(rig.clock.now() + 1, 10)).toEqual([]);
});

const { accountId } = firstAccount;
const asks = { Effect: "Allow", Action: "athena:*", Resource: `arn:aws:athena:us-east-1:${accountId}:*` };
const writes = { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::results/*" };
const lists = (Resource: string, more: object = {}) => ({
  Effect: "Allow",
  Action: "s3:ListBucket",
  Resource,
  ...more,
});
const whole = [asks, writes, lists("arn:aws:s3:::big")];

test("its result is made for nobody who may not see what was seen when it was started", async () => {
  const { id } = await rig.run(QUERY, {}, rig.caller(whole));
  await carry();
  const Condition = { StringLike: { "s3:prefix": "a/*" } };
  for (const less of [
    [asks, writes],
    [asks, writes, lists("arn:aws:s3:::big", { Condition })],
  ]) {
    expect((await stateOf(id, rig.caller(less))).state).toBe("RUNNING");
  }
  // Root sees more than the user did: the result would not be root's.
  expect((await stateOf(id)).state).toBe("RUNNING");
  expect((await stateOf(id, rig.caller(whole))).state).toBe("SUCCEEDED");
});

test("only whoever started it ends it, and so writes its result", async () => {
  const without = whole.filter((statement) => statement !== writes);
  const { id } = await rig.run(QUERY, {}, rig.caller(without));
  await carry();
  // Bob may write where the starter may not.
  expect((await stateOf(id, rig.caller(whole, "bob"))).state).toBe("RUNNING");
  const { state, reason } = await stateOf(id, rig.caller(without));
  expect(state).toBe("FAILED");
  expect(reason).toMatch(/^The result cannot be written to .*AccessDenied/);
  const { id: other } = await rig.run(QUERY, {}, rig.caller(whole));
  await carry();
  expect((await stateOf(other, rig.caller(without, "bob"))).state).toBe("RUNNING");
  expect((await stateOf(other, rig.caller(whole))).state).toBe("SUCCEEDED");
});

test("what goes wrong with one request for its state does not end it", async () => {
  const { id } = await rig.run(QUERY);
  await carry();
  const broken = vi
    .spyOn(rig.test.store.metadata.queries, "run")
    .mockRejectedValueOnce(new MetadataUnavailable("gone"));
  expect((await stateOf(id)).state).toBe("RUNNING");
  expect(broken).toHaveBeenCalledOnce();
  broken.mockRestore();
  // More at a time than an account may have.
  await Promise.all([1, 2, 3].map(() => stateOf(id)));
  expect(await stateOf(id)).toEqual({ state: "SUCCEEDED", reason: undefined });
});

test("it may be stopped, and the account has no more of them than of other queries", async () => {
  const [one, two, three] = [await rig.run(QUERY), await rig.run(QUERY), await rig.run(QUERY)];
  expect([one.state, two.state, three.state]).toEqual(["RUNNING", "RUNNING", "FAILED"]);
  expect(three.reason).toMatch(/^LimitExceeded: the account has long queries enough/);
  for (const { id } of [one, two]) await rig.call("StopQueryExecution", { QueryExecutionId: id });
  expect(await carry()).toMatchObject({ report: { carriedQueries: 0 } });
  expect((await stateOf(one.id)).state).toBe("CANCELLED");
  expect((await rig.run(QUERY)).state).toBe("RUNNING");
});

test("one whose result nobody asks for is given up after a day", async () => {
  const { id } = await rig.run(`${QUERY} LIMIT 1`);
  await carry();
  await rig.clock.advance(24 * 3_600_000 + 1);
  await carry();
  expect((await stateOf(id)).state).toBe("FAILED");
});

test("a turn goes on where the one before has stopped", async () => {
  await carry();
  const { id } = await rig.run(QUERY);
  const { carriedQueries } = rig.test.store.metadata;
  const begun = await carriedQueries.find(accountId, id);
  expect(JSON.parse(begun?.place ?? "null")).toEqual({ bucketId: expect.any(Number), key: KEYS[500] });
  // Another run has read further: what a slower one has is not kept.
  await carriedQueries.save({ ...(begun as NonNullable<typeof begun>), groups: "[]", isDone: true }, { scanned: 7 });
  await carry();
  expect((await stateOf(id)).state).toBe("SUCCEEDED");
  expect((await results(id)).slice(1)).toEqual([
    ["a", "300"],
    ["b", "320"],
  ]);
});

test("one that cannot be read keeps no other from its turn", async () => {
  const bad = await rig.run(QUERY);
  await rig.clock.advance(1);
  const good = await rig.run(QUERY);
  const spoil = rig.test.d1.prepare("UPDATE carried_queries SET sight = 'no JSON' WHERE id = ?");
  await rig.test.d1.batch([spoil.bind(bad.id)]);
  const { report, failures = [] } = await carry();
  expect(report).toMatchObject({ carriedQueries: 1 });
  expect(failures.map(String)).toEqual([expect.stringContaining(`query ${bad.id} of account ${accountId}`)]);
  expect((await stateOf(good.id)).state).toBe("SUCCEEDED");
  await rig.call("StopQueryExecution", { QueryExecutionId: bad.id });
});

test("one whose rows are read waits for its starter, and has no turn until it is given up", async () => {
  const { id } = await rig.run(QUERY);
  const { carriedQueries } = rig.test.store.metadata;
  expect(await carriedQueries.due(0, 10)).toEqual([{ accountId, id }]);
  await carry();
  expect(await carriedQueries.due(0, 10)).toEqual([]);
  expect(await carriedQueries.due(rig.clock.now() + 1, 10)).toEqual([{ accountId, id }]);
  await rig.call("StopQueryExecution", { QueryExecutionId: id });
  expect(await carriedQueries.running({ accountId, id })).toBe(null);
});
