import type { Clock } from "../../base/clock.ts";
import type { RandomBytes } from "../../base/random.ts";
import type { Exchange } from "../../edge/service.ts";
import type { CarriedQueryTable } from "../../metadata/query/carried-queries.ts";
import type { ExecutionTable } from "../../metadata/query/executions.ts";
import type { JsonResult } from "../../protocols/aws-json/answer.ts";
import type { JsonValue } from "../../protocols/aws-json/document.ts";
import { JsonError } from "../../protocols/aws-json/error.ts";
import { type Fields, type Input, readFields } from "../../protocols/aws-json/fields.ts";
import type { QueryParts } from "../../query/ask.ts";
import type { SeeBucket } from "../../query/sight.ts";

/** What S3 says to the caller's own request for an object: its code. */
export class ObjectRefused extends Error {}

/** Objects, as the service of S3 reads and writes them for the caller of another request. Throws anything; S3's errors have a `code`. */
export interface ObjectAccess {
  put(exchange: Exchange, object: ObjectPlace & { contentType: string; bytes: Uint8Array }): Promise<void>;
  /** Of `bytesMax` at most. */
  get(exchange: Exchange, object: ObjectPlace, bytesMax: number): Promise<Uint8Array>;
}

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
  /** The account that must own the bucket; undefined: any. */
  readonly expectedOwner?: string | undefined;
}

export interface AthenaParts {
  readonly queries: QueryParts;
  /** The first database. */
  readonly metadata: { readonly executions: ExecutionTable; readonly carriedQueries: CarriedQueryTable };
  readonly objects: ObjectAccess;
  readonly seeBucket: SeeBucket;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly region: string;
}

/** One call of an operation. */
export interface AthenaCall extends AthenaParts {
  readonly exchange: Exchange;
  readonly executions: ExecutionTable;
  readonly accountId: string;
}

export type JsonInput = { readonly [name: string]: JsonValue };

export interface AthenaOperation {
  /** `action`: `athena:GetQueryExecution`. */
  run(call: AthenaCall, action: string, input: JsonInput): Promise<JsonResult | null>;
}

export const WORK_GROUP = "primary";
/** The catalog, and the name of AWS's own, which tools put in by themselves. */
export const CATALOGS: readonly string[] = ["sherd", "AwsDataCatalog"];
export const DATABASE = "store";

interface Definition<F extends Fields> {
  readonly fields: F;
  /** What it is allowed on. */
  readonly of: "workgroup" | "datacatalog" | "all";
  run(call: AthenaCall, input: Input<F>): Promise<JsonResult | null>;
}

/** Makes an operation of its definition: input → permission → run. */
export function operation<F extends Fields>({ fields, of, run }: Definition<F>): AthenaOperation {
  return {
    async run(call, action, input) {
      const read = readFields(input, fields);
      if (!read.ok) throw invalidRequest(read.message);
      const { caller } = call.exchange;
      const head = `arn:aws:athena:${call.region}:${call.accountId}:`;
      const resource =
        of === "all" ? "*" : `${head}${of === "workgroup" ? `workgroup/${WORK_GROUP}` : `datacatalog/${CATALOGS[0]}`}`;
      caller.demand([{ action, resource, resourceAccountId: call.accountId }]);
      return run(call, read.input);
    },
  };
}

export function invalidRequest(message: string, AthenaErrorCode = "INVALID_INPUT"): JsonError {
  return new JsonError("InvalidRequestException", 400, message, { members: { AthenaErrorCode } });
}

export function metadataException(message: string): JsonError {
  return new JsonError("MetadataException", 400, message);
}

/** Refuses names of what there is one of. */
export function requireNames(names: {
  catalog?: string | undefined;
  database?: string | undefined;
  workGroup?: string | undefined;
}): void {
  const { catalog, database, workGroup } = names;
  if (catalog !== undefined && !CATALOGS.some((name) => name.toLowerCase() === catalog.toLowerCase())) {
    throw invalidRequest(`Catalog ${catalog} is not found: the catalog is ${CATALOGS[0]}.`);
  }
  if (database !== undefined && database.toLowerCase() !== DATABASE) {
    throw metadataException(`Database ${database} not found: the database is ${DATABASE}.`);
  }
  if (workGroup !== undefined && workGroup !== WORK_GROUP) throw invalidRequest(`WorkGroup ${workGroup} is not found.`);
}
