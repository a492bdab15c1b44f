import type { PayloadMode } from "../../../auth/sigv4/payload.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import type { OperationName } from "../operation-name.ts";
import type { OperationRow } from "../operations.ts";
import { findRefusedHeader } from "./refused-headers.ts";

export interface ScreenedRequest {
  readonly name: OperationName;
  readonly row: OperationRow;
  readonly headers: Headers;
  readonly query: URLSearchParams;
  readonly mode: PayloadMode;
}

/** Bodies with a checksum at their end: for uploads only. */
const trailing: ReadonlySet<PayloadMode["kind"]> = new Set(["streaming-signed-trailer", "streaming-unsigned-trailer"]);

/**
 * Refuses requests for features that are not built (NotImplemented, by name), versions for
 * operations without them (InvalidArgument), and trailers without an uploaded object
 * (InvalidRequest). Returns the handler of any other request.
 */
export function screen({ name, row, headers, query, mode }: ScreenedRequest): Handler {
  if (row.handler === null) throw new S3Error("NotImplemented", `${name} is not implemented`, { Operation: name });
  const refused = findRefusedHeader(headers, row.refused);
  if (refused !== undefined) {
    throw new S3Error(refused.code, undefined, {
      Header: refused.name,
      additionalMessage: `${name} with ${refused.name}: ${headers.get(refused.name) ?? ""}`,
    });
  }
  if (row.body !== "stream" && trailing.has(mode.kind)) {
    throw new S3Error("InvalidRequest", "The value of x-amz-content-sha256 header is invalid.");
  }
  if (query.has("versionId") && !row.query.includes("versionId")) {
    throw new S3Error("InvalidArgument", "This operation does not accept a version-id.", {
      ArgumentName: "versionId",
      ArgumentValue: query.get("versionId") ?? "",
    });
  }
  return row.handler;
}
