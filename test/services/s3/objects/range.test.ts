import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseCopyRange,
  parseRangeRequest,
  readHint,
  selectCopyRange,
  selectRange,
} from "../../../../src/services/s3/objects/range.ts";
import { failing } from "../failing.ts";

const hundred = { sizeBytes: 100 };
const select = (range: string, head: { sizeBytes: number } = hundred) =>
  selectRange(parseRangeRequest(range, null), head);

describe("Range", () => {
  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=0-99", 0, 100],
    ["bytes=0-100", 0, 100],
    ["bytes=0-999999999999999999999999", 0, 100],
    ["bytes=00-01", 0, 2],
    ["bytes=50-", 50, 50],
    ["bytes=99-99", 99, 1],
    ["bytes=-1", 99, 1],
    ["bytes=-100", 0, 100],
    ["bytes=-101", 0, 100],
  ])("%s is answered 206", (range, offset, length) => {
    expect(select(range)).toEqual({
      status: 206,
      offset,
      length,
      contentRange: `bytes ${offset}-${offset + length - 1}/100`,
    });
  });

  it.each([
    "bytes=,",
    "bytes= -1",
    "bytes=--1",
    "bytes=0 -1",
    "bytes=0--1",
    "bytes=10-5",
    "bytes=-",
    "bytes=abc",
    "bytes=a-z",
    "foo=0-1",
    "bytes=100-x",
    "bytes=0-0,1-2",
    "x bytes=0-1",
    "",
  ])("%j is ignored", (range) => {
    expect(select(range)).toEqual({ status: 200, offset: 0, length: 100 });
  });

  it.each(["bytes=100-", "bytes=100-110", "bytes=99999999999999999999-", "bytes=-0"])(
    "%s is unsatisfiable",
    (range) => {
      const error = failing(() => select(range), "InvalidRange");
      expect(error.status).toBe(416);
      expect(error.details).toEqual({ RangeRequested: range, ActualObjectSize: "100" });
      expect(error.headers["Content-Range"]).toBe("bytes */100");
    },
  );

  it.each(["bytes=0-", "bytes=0-0", "bytes=-1"])("%s of an empty object is unsatisfiable", (range) => {
    failing(() => select(range, { sizeBytes: 0 }), "InvalidRange");
  });

  it("always lies within the object", () => {
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.option(fc.nat(400), { nil: null }),
        fc.option(fc.nat(400), { nil: null }),
        (sizeBytes, first, last) => {
          const request = parseRangeRequest(`bytes=${first ?? ""}-${last ?? ""}`, null);
          try {
            const { offset, length } = selectRange(request, { sizeBytes });
            expect(offset).toBeGreaterThanOrEqual(0);
            expect(offset + length).toBeLessThanOrEqual(sizeBytes);
          } catch (error) {
            failing(() => {
              throw error;
            }, "InvalidRange");
          }
        },
      ),
    );
  });

  it("is a hint to the store", () => {
    expect(readHint(parseRangeRequest(null, null))).toBeUndefined();
    expect(readHint(parseRangeRequest("bytes=5-", null))).toEqual({ offset: 5, length: null });
    expect(readHint(parseRangeRequest("bytes=5-6", null))).toEqual({ offset: 5, length: 2 });
    expect(readHint(parseRangeRequest("bytes=-7", null))).toEqual({ suffix: 7 });
    expect(readHint(parseRangeRequest(null, "3"))).toEqual({ partNumber: 3 });
  });
});

describe("partNumber", () => {
  const parts = [
    { partNumber: 2, sizeBytes: 60, checksum: "AAAAAA==" },
    { partNumber: 5, sizeBytes: 40 },
  ];
  const completed = { sizeBytes: 100, parts };

  it("is the bytes of that part", () => {
    expect(selectRange(parseRangeRequest(null, "2"), completed)).toEqual({
      status: 206,
      offset: 0,
      length: 60,
      contentRange: "bytes 0-59/100",
      partsCount: 2,
      partChecksum: "AAAAAA==",
    });
    expect(selectRange(parseRangeRequest(null, "5"), completed)).toStrictEqual({
      status: 206,
      offset: 60,
      length: 40,
      contentRange: "bytes 60-99/100",
      partsCount: 2,
    });
  });

  it("that is empty, the last one, is answered 200", () => {
    const emptyLast = { sizeBytes: 60, parts: [...parts.slice(0, 1), { partNumber: 5, sizeBytes: 0 }] };
    expect(selectRange(parseRangeRequest(null, "5"), emptyLast)).toStrictEqual({
      status: 200,
      offset: 60,
      length: 0,
      partsCount: 2,
    });
  });

  it("of an object without parts is 1, the whole object", () => {
    expect(selectRange(parseRangeRequest(null, "1"), hundred)).toEqual({
      status: 206,
      offset: 0,
      length: 100,
      contentRange: "bytes 0-99/100",
    });
    expect(selectRange(parseRangeRequest(null, "1"), { sizeBytes: 0 })).toEqual({ status: 200, offset: 0, length: 0 });
    const error = failing(() => selectRange(parseRangeRequest(null, "2"), hundred), "InvalidPartNumber");
    expect(error.details).toEqual({ PartNumberRequested: "2", ActualPartCount: "1" });
  });

  it("must be a part of the object", () => {
    const error = failing(() => selectRange(parseRangeRequest(null, "3"), completed), "InvalidPartNumber");
    expect(error.status).toBe(416);
    expect(error.details).toEqual({ PartNumberRequested: "3", ActualPartCount: "2" });
  });

  it.each(["0", "10001", "-1", "x", "", "1.5"])("%j is no part number", (text) => {
    failing(() => parseRangeRequest(null, text), "InvalidArgument");
  });

  it("excludes Range", () => {
    failing(() => parseRangeRequest("bytes=0-1", "1"), "InvalidRequest");
  });
});

describe("x-amz-copy-source-range", () => {
  it("is a slice of the source", () => {
    expect(selectCopyRange(parseCopyRange("bytes=10-99"), 100)).toEqual({ offset: 10, length: 90 });
    expect(selectCopyRange(parseCopyRange("bytes=7-7"), 100)).toEqual({ offset: 7, length: 1 });
  });

  it.each([
    "byte=1-2",
    "x bytes=1-2",
    "bytes=1-",
    "bytes=-2",
    "bytes=2-1",
    "bytes=a-2",
    "bytes=1-2,4-5",
    "bytes=1-2 ",
    "",
  ])("%j is malformed", (text) => {
    const error = failing(() => parseCopyRange(text), "InvalidArgument");
    expect(error.details.ArgumentValue).toBe(text);
  });

  it("must lie within the source", () => {
    const error = failing(() => selectCopyRange(parseCopyRange("bytes=0-100"), 100), "InvalidArgument");
    expect(error.message).toBe("Range specified is not valid for source object of size: 100");
    expect(error.details).toEqual({ ArgumentName: "x-amz-copy-source-range", ArgumentValue: "bytes=0-100" });
  });
});
