import { principalAccountId } from "../../auth/policy/principal.ts";
import { commonSigningRules } from "../../auth/sigv4/signing-rules.ts";
import { type JsonHandler, jsonService } from "../../edge/json-service.ts";
import type { Service } from "../../edge/service.ts";
import { MetadataUnavailable } from "../../metadata/database.ts";
import { JsonError } from "../../protocols/aws-json/error.ts";
import { QueryRefused } from "../../query/failure.ts";
import { type AthenaOperation, type AthenaParts, invalidRequest, ObjectRefused } from "./operation.ts";
import { operations } from "./operations.ts";

/** Queries of 262,144 characters, which JSON may escape, are the longest member. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Amazon Athena, API version 2017-05-18: SQL over the metadata. */
export function athenaService(parts: AthenaParts): Service {
  return jsonService({
    name: "athena",
    signing: commonSigningRules("athena"),
    jsonVersion: "1.1",
    targetPrefix: "AmazonAthena",
    bytesMax: BODY_BYTES_MAX,
    operations: new Map(
      Object.entries(operations).map(([name, one]) => [name, one && handlerOf(parts, `athena:${name}`, one)]),
    ),
  });
}

function handlerOf(parts: AthenaParts, action: string, operation: AthenaOperation): JsonHandler {
  return async (exchange, input) => {
    const accountId = principalAccountId(exchange.caller.principal);
    if (accountId === null) throw new JsonError("AccessDeniedException", 400, "Only members of an account may ask.");
    try {
      return await operation.run(
        { ...parts, executions: parts.metadata.executions, exchange, accountId },
        action,
        input,
      );
    } catch (error) {
      if (error instanceof QueryRefused) throw invalidRequest(error.message);
      if (error instanceof ObjectRefused) throw invalidRequest(`The result cannot be reached: ${error.message}`);
      if (!(error instanceof MetadataUnavailable)) throw error;
      throw new JsonError("InternalServerException", 500, "The server's metadata cannot be reached.", { cause: error });
    }
  };
}
