import { expect, test } from "vitest";
import { parseBodyFraming } from "../../../src/auth/sigv4/body-framing.ts";
import type { PayloadMode } from "../../../src/auth/sigv4/payload.ts";
import { accepted, refusal } from "./support/request.ts";

const read = (headers: Record<string, string>, kind: Exclude<PayloadMode["kind"], "hash">) =>
  parseBodyFraming(new Map(Object.entries(headers)), { kind });
const length = { "x-amz-decoded-content-length": "5" };

test("the kind of payload says what the chunks carry", () => {
  const form = { kind: "aws-chunked", decodedSizeBytes: 5, trailerNames: [] };
  expect(accepted(read(length, "streaming-signed"))).toEqual({ ...form, signed: true, hasTrailers: false });
  expect(accepted(read(length, "streaming-signed-trailer"))).toEqual({ ...form, signed: true, hasTrailers: true });
  expect(accepted(read(length, "streaming-unsigned-trailer"))).toEqual({ ...form, signed: false, hasTrailers: true });
});

test("without a streaming payload the body is whole", () => {
  expect(accepted(read({}, "unsigned"))).toEqual({ kind: "whole" });
  expect(accepted(read({ "content-encoding": "gzip, not-aws-chunked" }, "unsigned"))).toEqual({ kind: "whole" });
  const hashed: PayloadMode = { kind: "hash", sha256Hex: "0".repeat(64) };
  expect(accepted(parseBodyFraming(new Map(), hashed))).toEqual({ kind: "whole" });
});

test.each(["aws-chunked", "gzip,AWS-Chunked", "aws-chunked , gzip"])("Content-Encoding %j and no streaming", (text) => {
  expect(refusal(read({ "content-encoding": text }, "unsigned"))).toEqual({ kind: "chunkedWithoutMode" });
});

test.each([undefined, "", "-1", "5.0", "five", " 5", "9999999999999999"])("decoded length %j is missing", (text) => {
  const headers: Record<string, string> = text === undefined ? {} : { "x-amz-decoded-content-length": text };
  expect(refusal(read(headers, "streaming-signed")).kind).toBe("missingDecodedLength");
});

test("5 GiB and no more", () => {
  const sized = (bytes: number) => read({ "x-amz-decoded-content-length": `${bytes}` }, "streaming-signed");
  expect(accepted(sized(5 * 1024 ** 3))).toMatchObject({ decodedSizeBytes: 5 * 1024 ** 3 });
  expect(refusal(sized(5 * 1024 ** 3 + 1))).toEqual({
    kind: "decodedLengthTooLarge",
    sizeBytes: 5 * 1024 ** 3 + 1,
    sizeMaxBytes: 5 * 1024 ** 3,
  });
});

test("names of trailers", () => {
  const names = (text: string) => read({ ...length, "x-amz-trailer": text }, "streaming-unsigned-trailer");
  expect(accepted(names("X-Amz-Checksum-CRC32, x-amz-checksum-sha1,"))).toMatchObject({
    trailerNames: ["x-amz-checksum-crc32", "x-amz-checksum-sha1"],
  });
  for (const wrong of ["content-type", "x-amz-checksum-", "x-amz-checksum-a,x-amz-checksum-a", "x-amz-checksum-a b"]) {
    expect(refusal(names(wrong))).toEqual({ kind: "unsupportedTrailer", value: wrong });
  }
  const many = Array.from({ length: 17 }, (_, index) => `x-amz-checksum-c${index}`).join(",");
  expect(refusal(names(many)).kind).toBe("unsupportedTrailer");
});

test("a trailer announced for a payload that has none", () => {
  const headers = { ...length, "x-amz-trailer": "x-amz-checksum-crc32" };
  expect(refusal(read(headers, "streaming-signed")).kind).toBe("malformedTrailer");
});
