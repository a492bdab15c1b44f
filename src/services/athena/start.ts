import { toHex } from "../../base/bytes.ts";
import { MetadataUnavailable } from "../../metadata/database.ts";
import type { CarriedQuery } from "../../metadata/query/carried-queries.ts";
import type { ExecutionRow } from "../../metadata/query/executions.ts";
import type { BucketRow } from "../../metadata/rows.ts";
import { flag, list, notBuilt, required, structure, text } from "../../protocols/aws-json/fields.ts";
import { takePage } from "../../query/ask.ts";
import { readGroups, readQuestion, starterOf, writeGroups, writeSight } from "../../query/carry.ts";
import { QueryRefused } from "../../query/failure.ts";
import { gatherGroups, prepareQuery } from "../../query/run.ts";
import { bucketsNamed, findSight } from "../../query/sight.ts";
import { FIRST_PAGE } from "../../query/token.ts";
import { type AthenaCall, invalidRequest, ObjectRefused, operation, requireNames } from "./operation.ts";
import { refusedObject } from "./refused-object.ts";
import { RESULT_BYTES_MAX, typeColumns, writeCsv } from "./values.ts";

/** What an execution was asked for, as its row keeps it. */
export interface ExecutionRequest {
  readonly query: string;
  readonly parameters: readonly string[];
  readonly location: string;
  /** The account that must own the bucket of the result. Absent: any. */
  readonly expectedOwner?: string | undefined;
  readonly catalog: string | null;
  readonly database: string | null;
}

const RESULT_ROWS_MAX = 100_000;

/**
 * StartQueryExecution. The query runs at once, within the bounds of docs/sql.md, and most have ended when this is answered. A long one that groups in
 * steps is RUNNING then: see `endCarried`. Its result is written by the caller's own permission.
 */
export const startQueryExecution = operation({
  fields: {
    QueryString: required(text({ min: 1, max: 262_144 })),
    ClientRequestToken: text({ min: 32, max: 128 }),
    QueryExecutionContext: structure({ Database: text({ min: 1, max: 255 }), Catalog: text({ min: 1, max: 256 }) }),
    ResultConfiguration: structure({
      OutputLocation: text({ max: 1_100 }),
      EncryptionConfiguration: notBuilt(),
      ExpectedBucketOwner: text({ pattern: /^\d{12}$/ }),
      AclConfiguration: notBuilt(),
    }),
    WorkGroup: text({ min: 1, max: 128 }),
    ExecutionParameters: list(text({ min: 1, max: 1024 }), { min: 1, max: 100 }),
    ResultReuseConfiguration: structure({
      ResultReuseByAgeConfiguration: structure({ Enabled: required(flag()), MaxAgeInMinutes: notBuilt() }),
    }),
    EngineConfiguration: notBuilt(),
  },
  of: "workgroup",
  async run(call, input) {
    const { Catalog, Database } = input.QueryExecutionContext ?? {};
    requireNames({ catalog: Catalog, database: Database, workGroup: input.WorkGroup });
    const location = input.ResultConfiguration?.OutputLocation;
    if (location === undefined || !/^s3:\/\/[^/]{1,255}(\/|$)/.test(location)) {
      throw invalidRequest(
        "No output location provided. An output location is required through ResultConfiguration: s3://bucket/prefix/.",
      );
    }
    const request: ExecutionRequest = {
      ...{ query: input.QueryString, parameters: input.ExecutionParameters ?? [], location },
      ...{ catalog: Catalog ?? null, database: Database ?? null },
      expectedOwner: input.ResultConfiguration?.ExpectedBucketOwner,
    };
    const submittedMs = call.clock.now();
    const id = newExecutionId(submittedMs, call.random(10));
    const clientToken = input.ClientRequestToken ?? id;
    const row = { accountId: call.accountId, id, clientToken, request: JSON.stringify(request), submittedMs };
    const before = await call.executions.start(row);
    if (before !== null) {
      if (before.request === row.request) return { QueryExecutionId: before.id };
      throw invalidRequest("Idempotent parameters do not match the request that had the same ClientRequestToken.");
    }
    const end = await execute(call, row, request, null);
    if (end !== null) await call.executions.end(row, end);
    return { QueryExecutionId: id };
  },
});

type End = Parameters<AthenaCall["executions"]["end"]>[1];

/**
 * Ends an execution whose rows background steps have read, if they are through and whoever started it asks, and may see the same as then: the result is
 * made of the groups, and written by the starter's permission, never by that of somebody else. Returns whether it has ended.
 */
export async function endCarried(call: AthenaCall, row: ExecutionRow): Promise<boolean> {
  const carried = await call.metadata.carriedQueries.find(row.accountId, row.id);
  if (!carried?.isDone || starterOf(carried.sight) !== arnOf(call)) return false;
  const end = await execute(call, row, JSON.parse(row.request), carried);
  if (end === null) return false;
  await call.executions.end(row, end);
  return true;
}

/**
 * Runs the query and writes its result; what is wrong with either is how the execution ends. Null: it goes on. A crash leaves it RUNNING; see `ended` of
 * executions.ts.
 */
async function execute(
  call: AthenaCall,
  { id }: Pick<ExecutionRow, "id">,
  request: ExecutionRequest,
  carried: CarriedQuery | null,
): Promise<End | null> {
  const failed = (reason: string): End => ({
    ...{ state: "FAILED", reason, completedMs: call.clock.now() },
    ...{ output: null, columns: null, rowCount: null, scanned: null },
  });
  let isBegun = false;
  try {
    const answer = await call.queries.running.run(call.accountId, call.queries.settings.queriesPerAccount, () => {
      isBegun = true;
      return ask(call, { id, request, carried });
    });
    if (answer === null) return null;
    const { columns, rows, scanned } = answer;
    const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(request.location) ?? [];
    const key = `${prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`}${id}.csv`;
    const bytes = new TextEncoder().encode(writeCsv(columns, rows));
    if (bytes.length > RESULT_BYTES_MAX) throw tooLarge();
    const place = { bucket, key, expectedOwner: request.expectedOwner };
    const object = { ...place, contentType: "application/octet-stream", bytes };
    await call.objects.put(call.exchange, object).catch(refusedObject);
    return {
      ...{ state: "SUCCEEDED", reason: null, completedMs: call.clock.now(), output: `s3://${bucket}/${key}` },
      ...{ columns: JSON.stringify(columns), rowCount: rows.length, scanned },
    };
  } catch (error) {
    // What is wrong with this request alone does not end a query that was carried so far: the next one finds it as it is.
    if (carried !== null && (error instanceof MetadataUnavailable || (error instanceof QueryRefused && !isBegun)))
      return null;
    if (error instanceof QueryRefused)
      return failed(`${error.code}: ${error.message}${error.hint === null ? "" : ` (${error.hint})`}`);
    if (error instanceof MetadataUnavailable) return failed("The metadata do not answer.");
    if (error instanceof ObjectRefused)
      return failed(`The result cannot be written to ${request.location}: ${error.message}`);
    throw error;
  }
}

/** Null: it is long, and background steps carry it on. */
async function ask(
  call: AthenaCall,
  { id, request, carried }: { id: string; request: ExecutionRequest; carried: CarriedQuery | null },
) {
  const { caller, facts, receivedMs } = call.exchange;
  const { parsed, input } = readQuestion(request);
  if (parsed.isExplained) throw new QueryRefused("NotAllowed", "EXPLAIN is not allowed here", "POST /-/sql explains");
  const about = { headers: new Headers(), tlsVersion: facts.tlsVersion ?? null, nowMs: receivedMs };
  const bucketSight = (bucket: BucketRow) => call.seeBucket(caller, about, bucket);
  await caller.confirm();
  const { databases, clock, settings } = call.queries;
  const { metadata, sight } = await findSight(caller, { databases, bucketSight, named: bucketsNamed(parsed, input) });
  const seen = writeSight(sight, arnOf(call));
  if (carried !== null && (carried.sight !== seen || carried.database !== metadata.identity.name)) return null;
  const run = { queries: metadata.queries, clock, limits: settings };
  const prepared = await prepareQuery(run, input, { parsed, options: { sight } });
  const isGrouped = prepared.steps?.kind === "groups";
  const groups = carried ? readGroups(carried) : isGrouped ? await gatherGroups(run, prepared) : undefined;
  if (groups?.isDone === false) {
    const row = {
      accountId: call.accountId,
      id,
      database: metadata.identity.name,
      sight: seen,
      ...writeGroups(groups, seen),
    };
    if (await call.metadata.carriedQueries.add(row, settings.queriesPerAccount)) return null;
    throw new QueryRefused("LimitExceeded", "the account has long queries enough", "wait until one has ended");
  }
  const bounds = { start: FIRST_PAGE, rows: RESULT_ROWS_MAX, bytesMax: RESULT_BYTES_MAX, groups };
  const page = await takePage(run, prepared, bounds);
  if (page.next !== null) throw tooLarge();
  return {
    columns: typeColumns(page.columns, page.rows, prepared.compiled.uses),
    rows: page.rows,
    scanned: page.scanned,
  };
}

function arnOf({ exchange }: AthenaCall): string {
  const { principal } = exchange.caller;
  return "arn" in principal ? principal.arn : principal.kind;
}

function tooLarge(): QueryRefused {
  return new QueryRefused(
    "LimitExceeded",
    `the result has more than ${RESULT_ROWS_MAX} rows or ${RESULT_BYTES_MAX} bytes, or takes too long`,
    "narrow it, or ask POST /-/sql page by page",
  );
}

/** A UUID of version 8, whose first 48 bits are the time: later ones sort behind. */
function newExecutionId(nowMs: number, random: Uint8Array): string {
  const hex = nowMs.toString(16).padStart(12, "0") + toHex(random);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
