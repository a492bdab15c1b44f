import type { ExecutionRow, ExecutionState } from "../../metadata/query/executions.ts";
import type { JsonResult } from "../../protocols/aws-json/answer.ts";
import { integer, list, required, text } from "../../protocols/aws-json/fields.ts";
import { type AthenaCall, invalidRequest, operation, requireNames, WORK_GROUP } from "./operation.ts";
import { refusedObject } from "./refused-object.ts";
import { type ExecutionRequest, endCarried } from "./start.ts";
import { RESULT_BYTES_MAX, readCsv, type TypedColumn } from "./values.ts";

const executionId = text({ min: 1, max: 128 });
const ROWS_PER_PAGE = 1_000;
/** A request that runs a query is over after this time: one that is still RUNNING then was broken off. */
const BROKEN_OFF_MS = 10 * 60_000;

export const getQueryExecution = operation({
  fields: { QueryExecutionId: required(executionId) },
  of: "workgroup",
  async run(call, { QueryExecutionId }) {
    const row = await find(call, QueryExecutionId);
    const isEnded = row.state === "RUNNING" && row.isCarried === 1 && (await endCarried(call, row));
    return { QueryExecution: described(isEnded ? await find(call, QueryExecutionId) : row, call) };
  },
});

export const batchGetQueryExecution = operation({
  fields: { QueryExecutionIds: required(list(required(executionId), { min: 1, max: 50 })) },
  of: "workgroup",
  async run(call, { QueryExecutionIds }) {
    const found = await call.executions.find(call.accountId, QueryExecutionIds);
    const missing = QueryExecutionIds.filter((id) => !found.some((row) => row.id === id));
    return {
      QueryExecutions: found.map((row) => described(row, call)),
      UnprocessedQueryExecutionIds: missing.map((QueryExecutionId) => ({
        ...{
          QueryExecutionId,
          ErrorCode: "INVALID_INPUT",
          ErrorMessage: `QueryExecution ${QueryExecutionId} was not found`,
        },
      })),
    };
  },
});

export const listQueryExecutions = operation({
  fields: {
    NextToken: text({ min: 1, max: 1024 }),
    MaxResults: integer({ min: 0, max: 50 }),
    WorkGroup: text({ min: 1, max: 128 }),
  },
  of: "workgroup",
  async run(call, { NextToken = "", MaxResults, WorkGroup }) {
    requireNames({ workGroup: WorkGroup });
    const limit = MaxResults || 50;
    const ids = await call.executions.list(call.accountId, NextToken, limit);
    const QueryExecutionIds = ids.slice(0, limit);
    return { QueryExecutionIds, ...(ids.length > limit && { NextToken: QueryExecutionIds.at(-1) ?? "" }) };
  },
});

/** StopQueryExecution. What has ended stays as it is, as in Athena. */
export const stopQueryExecution = operation({
  fields: { QueryExecutionId: required(executionId) },
  of: "workgroup",
  async run(call, { QueryExecutionId }) {
    const row = await find(call, QueryExecutionId);
    const none = { output: null, columns: null, rowCount: null, scanned: null };
    await call.executions.end(row, {
      state: "CANCELLED",
      reason: "Query cancelled by user",
      completedMs: call.clock.now(),
      ...none,
    });
    return {};
  },
});

export const getQueryRuntimeStatistics = operation({
  fields: { QueryExecutionId: required(executionId) },
  of: "workgroup",
  async run(call, { QueryExecutionId }) {
    const row = await find(call, QueryExecutionId);
    const ms = (row.completedMs ?? call.clock.now()) - row.submittedMs;
    const Timeline = { EngineExecutionTimeInMillis: ms, TotalExecutionTimeInMillis: ms, QueryQueueTimeInMillis: 0 };
    return {
      QueryRuntimeStatistics: { Timeline, Rows: { InputRows: row.scanned ?? 0, OutputRows: row.rowCount ?? 0 } },
    };
  },
});

/** GetQueryResults: reads the object that holds the result, by the caller's own permission. The first row of the first page has the columns' names. */
export const getQueryResults = operation({
  fields: {
    QueryExecutionId: required(executionId),
    NextToken: text({ min: 1, max: 1024 }),
    MaxResults: integer({ min: 1, max: 1000 }),
    QueryResultType: text({ oneOf: ["DATA_ROWS"] }),
  },
  of: "workgroup",
  async run(call, { QueryExecutionId, NextToken = "0", MaxResults = ROWS_PER_PAGE }) {
    const row = await find(call, QueryExecutionId);
    const { state } = ended(row, call);
    if (state !== "SUCCEEDED" || row.output === null) {
      throw invalidRequest(
        `Query did not finish successfully. Final query state: ${state}`,
        "INVALID_QUERY_EXECUTION_STATE",
      );
    }
    if (!/^\d{1,9}$/.test(NextToken)) throw invalidRequest("NextToken is of no page.");
    const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.*)$/.exec(row.output) ?? [];
    const { expectedOwner } = JSON.parse(row.request) as ExecutionRequest;
    const place = { bucket, key, expectedOwner };
    const bytes = await call.objects.get(call.exchange, place, RESULT_BYTES_MAX).catch(refusedObject);
    const columns = JSON.parse(row.columns ?? "[]") as TypedColumn[];
    const from = Number(NextToken);
    const window = { from, count: MaxResults + 1, columns: columns.length };
    const found = readCsv(new TextDecoder().decode(bytes), window);
    const page = found.slice(0, MaxResults);
    const Rows = page.map((values) => ({
      Data: values.map((value) => (value === null ? {} : { VarCharValue: value })),
    }));
    const ColumnInfo = columns.map(columnInfo);
    const end = found.length > page.length ? { NextToken: String(from + page.length) } : {};
    return { UpdateCount: 0, ResultSet: { Rows, ResultSetMetadata: { ColumnInfo } }, ...end };
  },
});

const PRECISIONS: Readonly<Record<string, number>> = {
  bigint: 19,
  double: 17,
  timestamp: 3,
  varchar: 2_147_483_647,
  boolean: 0,
  map: 0,
};

function columnInfo([Name, Type]: TypedColumn) {
  const names = { CatalogName: "hive", SchemaName: "", TableName: "", Name, Label: Name, Type };
  return {
    ...names,
    Precision: PRECISIONS[Type] ?? 0,
    Scale: 0,
    Nullable: "UNKNOWN",
    CaseSensitive: Type === "varchar",
  };
}

async function find({ executions, accountId }: AthenaCall, id: string): Promise<ExecutionRow> {
  const [row] = await executions.find(accountId, [id]);
  if (row === undefined) throw invalidRequest(`QueryExecution ${id} was not found`);
  return row;
}

/** The state, of a query whose request was broken off too. */
function ended(row: ExecutionRow, { clock }: AthenaCall): { state: ExecutionState; reason: string | null } {
  const isBroken = row.state === "RUNNING" && row.isCarried === 0 && clock.now() - row.submittedMs > BROKEN_OFF_MS;
  return isBroken ? { state: "FAILED", reason: "The server was stopped while the query ran." } : row;
}

function described(row: ExecutionRow, call: AthenaCall): JsonResult {
  const request = JSON.parse(row.request) as ExecutionRequest;
  const { state, reason } = ended(row, call);
  const ms = (row.completedMs ?? call.clock.now()) - row.submittedMs;
  const Status = {
    State: state,
    ...(reason !== null && { StateChangeReason: reason }),
    SubmissionDateTime: row.submittedMs / 1000,
    ...(row.completedMs !== null && { CompletionDateTime: row.completedMs / 1000 }),
    ...(state === "FAILED" && {
      AthenaError: { ErrorCategory: 2, ErrorType: 1, Retryable: false, ErrorMessage: reason ?? "" },
    }),
  };
  return {
    QueryExecutionId: row.id,
    Query: request.query,
    StatementType: "DML",
    SubstatementType: "SELECT",
    ResultConfiguration: {
      OutputLocation: row.output ?? request.location,
      ...(request.expectedOwner !== undefined && { ExpectedBucketOwner: request.expectedOwner }),
    },
    QueryExecutionContext: {
      ...(request.database !== null && { Database: request.database }),
      ...(request.catalog !== null && { Catalog: request.catalog }),
    },
    ...(request.parameters.length > 0 && { ExecutionParameters: [...request.parameters] }),
    Status,
    Statistics: { EngineExecutionTimeInMillis: ms, TotalExecutionTimeInMillis: ms, DataScannedInBytes: 0 },
    WorkGroup: WORK_GROUP,
    EngineVersion: { SelectedEngineVersion: "AUTO", EffectiveEngineVersion: "Athena engine version 3" },
  };
}
