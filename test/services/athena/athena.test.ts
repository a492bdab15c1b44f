import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../src/auth/principal.ts";
import { operations } from "../../../src/services/athena/operations.ts";
import { readCsv, writeCsv } from "../../../src/services/athena/values.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { bodyOf } from "../../support/store.ts";
import { AthenaRig } from "./rig.ts";

let rig: AthenaRig;
beforeAll(async () => {
  rig = await AthenaRig.open();
  await rig.bucket("holiday", ["a", "home/ann/1", "home/ann/22", "home/bob/1"]);
  await rig.bucket("results");
});
afterAll(() => rig.test.dispose());

const allow = (Action: string | string[], Resource = "*", Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const HOLIDAY = "FROM objects WHERE bucket = 'holiday'";

describe("a query", () => {
  test("ends, with its result in the bucket and in GetQueryResults", async () => {
    const { state, execution, id } = await rig.run(`SELECT key, size, metadata ${HOLIDAY} ORDER BY key`);
    expect(state).toBe("SUCCEEDED");
    expect(execution.ResultConfiguration.OutputLocation).toBe(`s3://results/here/${id}.csv`);
    const first = await rig.call("GetQueryResults", { QueryExecutionId: id, MaxResults: 2 });
    expect(first.ResultSet.Rows[0].Data.map(({ VarCharValue }: { VarCharValue: string }) => VarCharValue)).toEqual([
      "key",
      "size",
      "metadata",
    ]);
    expect(first.ResultSet.Rows[1].Data[2]).toEqual({ VarCharValue: "{by=me, at=home}" });
    expect(first.ResultSet.ResultSetMetadata.ColumnInfo.map(({ Type }: { Type: string }) => Type)).toEqual([
      "varchar",
      "bigint",
      "map",
    ]);
    const rest = await rig.call("GetQueryResults", { QueryExecutionId: id, NextToken: first.NextToken });
    expect(rest.ResultSet.Rows).toHaveLength(3);
    expect(rest.NextToken).toBeUndefined();
  });

  test.each([
    ['SELECT count(*) FROM "store"."objects" WHERE bucket = \'holiday\'', [["_col0"], ["4"]]],
    ["SELECT count(*) AS n FROM awsdatacatalog.store.objects WHERE bucket = 'holiday'", [["n"], ["4"]]],
    [`SELECT key AS k ${HOLIDAY} AND key LIKE 'home/ann/_'`, [["k"], ["home/ann/1"]]],
    [`SELECT key ${HOLIDAY} AND key LIKE 'HOME%'`, [["key"]]],
    [
      `SELECT date_diff('day', last_modified, timestamp '2026-12-01 06:00:00') AS d ${HOLIDAY} AND key = 'a'`,
      [["d"], ["2"]],
    ],
    [
      `SELECT date_trunc('month', last_modified) AS m, approx_distinct(key) AS n ${HOLIDAY} GROUP BY 1`,
      [
        ["m", "n"],
        ["2026-11-01 00:00:00", "4"],
      ],
    ],
    [
      `SELECT element_at(metadata, 'by') AS b, element_at(metadata, 'no') AS n ${HOLIDAY} LIMIT 1`,
      [
        ["b", "n"],
        ["me", undefined],
      ],
    ],
    [
      `SELECT CAST(size AS VARCHAR) AS s, avg(size) AS a ${HOLIDAY} AND starts_with(key, 'home/ann/2') GROUP BY 1;`,
      [
        ["s", "a"],
        ["11", "11"],
      ],
    ],
    ["SELECT is_latest FROM versions WHERE bucket = 'holiday' AND key = 'a'", [["is_latest"], ["true"]]],
  ])("%s", async (query, rows) => {
    expect(await rig.rows(query)).toEqual(rows);
  });

  test("has parameters", async () => {
    const ExecutionParameters = ["'home/ann/1'", "3", "DATE '2026-01-01'"];
    expect(
      await rig.rows(`SELECT key ${HOLIDAY} AND key = ? AND size > ? AND last_modified > ?`, { ExecutionParameters }),
    ).toEqual([["key"], ["home/ann/1"]]);
    const { state, reason } = await rig.run("SELECT ?", { ExecutionParameters: ["1; DROP TABLE x"] });
    expect([state, reason]).toEqual(["FAILED", expect.stringContaining("SyntaxError")]);
  });

  test("that cannot be run fails with what would help", async () => {
    const { state, reason, id } = await rig.run("SELECT * FROM somewhere");
    expect([state, reason]).toEqual(["FAILED", expect.stringContaining("there is no table somewhere")]);
    expect(await rig.call("GetQueryResults", { QueryExecutionId: id })).toMatchObject({
      status: 400,
      __type: "InvalidRequestException",
    });
    expect((await rig.run("DROP TABLE objects")).state).toBe("FAILED");
  });

  test("is started once for a ClientRequestToken", async () => {
    const more = { ClientRequestToken: "t".repeat(32) };
    const first = await rig.run("SELECT 1", more);
    expect((await rig.run("SELECT 1", more)).id).toBe(first.id);
    const ResultConfiguration = { OutputLocation: "s3://results/here/" };
    expect(
      await rig.call("StartQueryExecution", { QueryString: "SELECT 2", ResultConfiguration, ...more }),
    ).toMatchObject({ status: 400, __type: "InvalidRequestException" });
  });

  test("that has ended is not stopped, and all are listed, the newest first", async () => {
    const { id } = await rig.run("SELECT 1");
    expect(await rig.call("StopQueryExecution", { QueryExecutionId: id })).toEqual({ status: 200 });
    const { QueryExecutions, UnprocessedQueryExecutionIds } = await rig.call("BatchGetQueryExecution", {
      QueryExecutionIds: [id, "none"],
    });
    expect(QueryExecutions[0].Status.State).toBe("SUCCEEDED");
    expect(UnprocessedQueryExecutionIds[0].QueryExecutionId).toBe("none");
    await rig.clock.advance(1_000);
    const later = await rig.run("SELECT 1");
    const { QueryExecutionIds, NextToken } = await rig.call("ListQueryExecutions", { MaxResults: 1 });
    expect(QueryExecutionIds).toEqual([later.id]);
    expect((await rig.call("ListQueryExecutions", { NextToken })).QueryExecutionIds).toContain(id);
  });
});

describe("who may", () => {
  const athena = allow("athena:*");

  test("nobody without the action's own permission", async () => {
    const input = { QueryString: "SELECT 1", ResultConfiguration: { OutputLocation: "s3://results/" } };
    expect(await rig.call("StartQueryExecution", input, rig.caller([allow("s3:*")]))).toMatchObject({
      __type: "AccessDeniedException",
    });
    for (const [name, built] of Object.entries(operations)) {
      const others = Object.keys(operations).filter((other) => other !== name);
      const caller = rig.caller([allow(others.map((other) => `athena:${other}`))]);
      const names = {
        QueryExecutionId: "x",
        QueryExecutionIds: ["x"],
        WorkGroup: "primary",
        CatalogName: "sherd",
        Name: "sherd",
        DatabaseName: "store",
        TableName: "objects",
      };
      const expected = built === null ? "NotImplemented" : "AccessDeniedException";
      expect([name, (await rig.call(name, { ...input, ...names }, caller)).__type]).toEqual([name, expected]);
    }
  });

  test("a query sees the caller's rows alone, and its result is written by the caller", async () => {
    const listing = allow("s3:ListBucket", "arn:aws:s3:::holiday", { StringLike: { "s3:prefix": "home/ann/*" } });
    const writing = allow(["s3:PutObject", "s3:GetObject"], "arn:aws:s3:::results/*");
    const { id, state } = await rig.run("SELECT key FROM objects", {}, rig.caller([athena, listing, writing]));
    expect(state).toBe("SUCCEEDED");
    const { ResultSet } = await rig.call("GetQueryResults", { QueryExecutionId: id });
    expect(
      ResultSet.Rows.slice(1).map(({ Data }: { Data: { VarCharValue: string }[] }) => Data[0]!.VarCharValue),
    ).toEqual(["home/ann/1", "home/ann/22"]);
    expect(await rig.call("GetQueryResults", { QueryExecutionId: id }, rig.caller([athena]))).toMatchObject({
      status: 400,
    });
    const unwritten = await rig.run("SELECT key FROM objects", {}, rig.caller([athena, listing]));
    expect([unwritten.state, unwritten.reason]).toEqual(["FAILED", expect.stringContaining("AccessDenied")]);
    const nowhere = await rig.run("SELECT 1", { ResultConfiguration: { OutputLocation: "s3://nowhere/" } });
    expect([nowhere.state, nowhere.reason]).toEqual(["FAILED", expect.stringContaining("NoSuchBucket")]);
  });

  test("a result is written and read by the TLS version of the caller's connection", async () => {
    const oldTls = { NumericLessThan: { "s3:TlsVersion": "1.2" } };
    const deny = { Effect: "Deny", Action: ["s3:PutObject", "s3:GetObject"], Resource: "*", Condition: oldTls };
    const caller = rig.caller([athena, allow("s3:*"), deny]);
    const ask = async (tlsVersion: string | null) => {
      rig.tlsVersion = tlsVersion;
      return rig.run("SELECT key FROM objects", {}, caller);
    };
    try {
      const { id, state } = await ask("TLSv1.2");
      expect(state).toBe("SUCCEEDED");
      expect(await rig.call("GetQueryResults", { QueryExecutionId: id }, caller)).toMatchObject({ status: 200 });
      const refused = await ask("TLSv1.1");
      expect([refused.state, refused.reason]).toEqual(["FAILED", expect.stringContaining("AccessDenied")]);
      expect(await rig.call("GetQueryResults", { QueryExecutionId: id }, caller)).toMatchObject({ status: 400 });
    } finally {
      rig.tlsVersion = null;
    }
  });
});

describe("the catalog", () => {
  test("has one database, whose tables have types", async () => {
    expect(
      (await rig.call("ListDataCatalogs")).DataCatalogsSummary.map(
        ({ CatalogName }: { CatalogName: string }) => CatalogName,
      ),
    ).toEqual(["sherd", "AwsDataCatalog"]);
    expect((await rig.call("ListDatabases", { CatalogName: "sherd" })).DatabaseList[0].Name).toBe("store");
    const names = { CatalogName: "AwsDataCatalog", DatabaseName: "store" };
    const { TableMetadata } = await rig.call("GetTableMetadata", { ...names, TableName: "objects" });
    expect(TableMetadata.Columns).toContainEqual({
      Name: "metadata",
      Type: "map<string,string>",
      Comment: "user metadata: JSON object",
    });
    const shown = async (caller = rig.caller()) =>
      (await rig.call("ListTableMetadata", names, caller)).TableMetadataList.map(({ Name }: { Name: string }) => Name);
    expect(await shown()).toContain("blobs");
    expect(await shown(rig.caller([allow("athena:*")]))).not.toContain("blobs");
    expect(await rig.call("GetTableMetadata", { ...names, TableName: "none" })).toMatchObject({
      __type: "MetadataException",
    });
    expect(await rig.call("GetWorkGroup", { WorkGroup: "other" })).toMatchObject({ __type: "InvalidRequestException" });
    expect((await rig.call("GetWorkGroup", { WorkGroup: "primary" })).WorkGroup.State).toBe("ENABLED");
  });
});

test("CSV is read as it was written", () => {
  const rows = [
    ["a", 1, null],
    ['"q", \n', 2, ""],
    [",", 3, "x"],
  ];
  const text = writeCsv(
    [
      ["t", "varchar"],
      ["n", "bigint"],
      ["u", "varchar"],
    ],
    rows,
  );
  expect(readCsv(text, { from: 0, count: 9, columns: 3 })).toEqual([
    ["t", "n", "u"],
    ...rows.map((row) => row.map((value) => (value === null ? null : String(value)))),
  ]);
});

test("of CSV only the rows that are wanted are kept", () => {
  const window = { from: 3, count: 2, columns: 2 };
  expect(readCsv("\n".repeat(10), window)).toEqual([[null], [null]]);
  expect(readCsv('"a"\n"b"\n"c"\n"d","e","f"\n,,,,,,\n"g"\n', window)).toEqual([
    ["d", "e"],
    [null, null],
  ]);
});

test("a page of a result that was overwritten has the rows that were asked for", async () => {
  const { id } = await rig.run(`SELECT key ${HOLIDAY}`);
  const body = bodyOf(new Uint8Array(5_000).fill(10));
  const attributes = { system: { contentType: "text/csv" }, user: {} };
  const object = { bucket: "results", key: `here/${id}.csv`, attributes, storageClass: "STANDARD" as const, body };
  await putObject(rig.test.store, object);
  const page = await rig.call("GetQueryResults", { QueryExecutionId: id, MaxResults: 3, NextToken: "4990" });
  expect(page.ResultSet.Rows).toEqual([{ Data: [{}] }, { Data: [{}] }, { Data: [{}] }]);
  expect(page.NextToken).toBe("4993");
});

test("a result goes to a bucket of the expected owner alone", async () => {
  const owned = (ExpectedBucketOwner: string) => ({
    ResultConfiguration: { OutputLocation: "s3://results/here/", ExpectedBucketOwner },
  });
  const { state, reason } = await rig.run(`SELECT key ${HOLIDAY}`, owned("999999999999"));
  expect([state, reason]).toEqual(["FAILED", expect.stringContaining("AccessDenied")]);
  const { accountId } = firstAccount;
  const { execution } = await rig.run(`SELECT key ${HOLIDAY}`, owned(accountId));
  expect(execution).toMatchObject({
    Status: { State: "SUCCEEDED" },
    ResultConfiguration: { ExpectedBucketOwner: accountId },
  });
});
