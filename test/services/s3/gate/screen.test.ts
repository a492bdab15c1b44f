import { expect, test } from "vitest";
import type { PayloadMode } from "../../../../src/auth/sigv4/payload.ts";
import { screen } from "../../../../src/services/s3/gate/screen.ts";
import { type OperationRow, operations } from "../../../../src/services/s3/operations.ts";
import { failing } from "../failing.ts";

interface Changes {
  mode?: PayloadMode;
  headers?: Record<string, string>;
  query?: string;
  row?: Partial<OperationRow>;
}
const screened = (name: keyof typeof operations, changes: Changes) => {
  const row = { ...operations[name], ...changes.row };
  const headers = new Headers(changes.headers);
  const query = new URLSearchParams(changes.query);
  return screen({ name, row, headers, query, mode: changes.mode ?? { kind: "unsigned" } });
};

test.each(["streaming-signed-trailer", "streaming-unsigned-trailer"] as const)("%s is for uploads alone", (kind) => {
  for (const name of ["PutObject", "UploadPart"] as const) {
    expect(screened(name, { mode: { kind } })).toBe(operations[name].handler);
  }
  for (const name of [
    "DeleteObjects",
    "CompleteMultipartUpload",
    "CreateBucket",
    "ListBuckets",
    "CopyObject",
  ] as const) {
    failing(() => screened(name, { mode: { kind } }), "InvalidRequest");
  }
});

test("other forms of a body are for every operation", () => {
  for (const kind of ["unsigned", "streaming-signed"] as const) {
    expect(screened("DeleteObjects", { mode: { kind } })).toBe(operations.DeleteObjects.handler);
  }
});

test("what is not built is refused by name", () => {
  expect(failing(() => screened("PutObject", { row: { handler: null } }), "NotImplemented").message).toContain(
    "PutObject",
  );
  const row = { refused: [{ name: "x-amz-new-a" }] };
  const { details } = failing(() => screened("PutObject", { row, headers: { "x-amz-new-a": "b" } }), "NotImplemented");
  expect(details).toMatchObject({ Header: "x-amz-new-a" });
});

test("a version is for operations that take one", () => {
  expect(screened("GetObject", { query: "versionId=1" })).toBe(operations.GetObject.handler);
  failing(() => screened("ListParts", { query: "versionId=1" }), "InvalidArgument");
});
