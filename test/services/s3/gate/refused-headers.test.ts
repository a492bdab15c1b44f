import { expect, test } from "vitest";
import { findRefusedHeader, refusedHeaders } from "../../../../src/services/s3/gate/refused-headers.ts";

const find = (headers: Record<string, string>, what: keyof typeof refusedHeaders) =>
  findRefusedHeader(new Headers(headers), refusedHeaders[what]);

test.each(["If-None-Match", "If-Modified-Since", "If-Unmodified-Since"])(
  "a delete that depends on %s is not made an unconditional one",
  (name) => {
    const refused = { name: name.toLowerCase(), code: "NotImplemented" };
    expect(find({ [name]: "x", "If-Match": '"etag"' }, "deleteObject")).toEqual(refused);
  },
);

test("If-Match of a delete is taken", () => {
  expect(find({ "If-Match": '"etag"' }, "deleteObject")).toBeUndefined();
});

test("a range of a query is refused with a code of its own", () => {
  expect(find({ Range: "bytes=0-1" }, "selectObject")).toEqual({ name: "range", code: "UnsupportedRangeHeader" });
  expect(find({ "x-amz-meta-range": "bytes=0-1" }, "selectObject")).toBeUndefined();
});
