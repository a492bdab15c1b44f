import type { QueryResult } from "../../protocols/aws-query/answer.ts";
import { validationError } from "../../protocols/aws-query/error.ts";
import { type Fields, type Input, readFields } from "../../protocols/aws-query/fields.ts";
import type { QueryNode } from "../../protocols/aws-query/parameters.ts";
import type { StsCall } from "./model/call.ts";

/** An operation without the types of its parameters. */
export type StsOperation = (call: StsCall, parameters: QueryNode) => Promise<QueryResult>;

/** Makes an operation of its parameters and what it does. Each asks for its own permissions: no two of STS's are alike. */
export function operation<F extends Fields>(
  fields: F,
  run: (call: StsCall, input: Input<F>) => Promise<QueryResult>,
): StsOperation {
  return (call, parameters) => {
    const read = readFields(parameters, fields);
    if (!read.ok) throw validationError(read.message);
    return run(call, read.input);
  };
}
