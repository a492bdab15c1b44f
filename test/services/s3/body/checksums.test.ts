import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  checksumAnswerHeaders,
  checksumElement,
  parseChecksumAlgorithm,
  parseDeclaredChecksum,
  parseObjectChecksum,
  parseUploadChecksum,
  wantsChecksum,
} from "../../../../src/services/s3/body/checksums.ts";
import { failing } from "../failing.ts";

const values = {
  crc32: "DUoRhQ==",
  crc32c: "yZRlqg==",
  crc64nvme: "jSnVw/bqjr4=",
  sha1: "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  sha256: "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
  sha512: createHash("sha512").update("hello").digest("base64"),
  md5: createHash("md5").update("hello").digest("base64"),
  xxhash64: "JseCfYifbaM=",
  xxhash3: "lVXoVVxi3P0=",
  xxhash128: "tenBrQcbPn/Hec+qXlI4GA==",
} as const;

describe("the checksum that a body declares", () => {
  it.each(Object.entries(values))("is x-amz-checksum-%s", (algorithm, value) => {
    expect(parseDeclaredChecksum(new Headers({ [`x-amz-checksum-${algorithm}`]: value }))).toEqual({
      algorithm,
      from: "header",
      value: new Uint8Array(Buffer.from(value, "base64")),
    });
  });

  it("may follow as a trailer", () => {
    const headers = new Headers({ "x-amz-trailer": "x-amz-checksum-CRC32", "x-amz-sdk-checksum-algorithm": "CRC32" });
    expect(parseDeclaredChecksum(headers)).toEqual({ algorithm: "crc32", from: "trailer" });
  });

  it("may be absent", () => {
    expect(parseDeclaredChecksum(new Headers({ "x-amz-checksum-mode": "ENABLED" }))).toBeNull();
  });

  it.each(Object.keys(values))("is refused where x-amz-checksum-%s is malformed", (algorithm) => {
    for (const value of ["", "invalid_base64!", "AAA=", "AAAAAA", "YXNrZGpoZ2tqYXNo"]) {
      const error = failing(
        () => parseDeclaredChecksum(new Headers({ [`x-amz-checksum-${algorithm}`]: value })),
        "InvalidRequest",
      );
      expect(error.message).toBe(`Value for x-amz-checksum-${algorithm} header is invalid.`);
    }
  });

  it.each([
    [{ "x-amz-checksum-crc32": values.crc32, "x-amz-checksum-sha1": values.sha1 }],
    [{ "x-amz-checksum-crc32": values.crc32, "x-amz-trailer": "x-amz-checksum-crc32" }],
    [{ "x-amz-trailer": "x-amz-checksum-crc32, x-amz-checksum-sha1" }],
  ])("is only one: %j", (headers) => {
    const error = failing(
      () => parseDeclaredChecksum(new Headers(headers as Record<string, string>)),
      "InvalidRequest",
    );
    expect(error.message).toBe("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  });

  it("is that of x-amz-sdk-checksum-algorithm", () => {
    const sdk = { "x-amz-sdk-checksum-algorithm": "SHA256" };
    expect(parseDeclaredChecksum(new Headers({ ...sdk, "x-amz-checksum-sha256": values.sha256 }))?.algorithm).toBe(
      "sha256",
    );
    failing(
      () => parseDeclaredChecksum(new Headers({ ...sdk, "x-amz-checksum-crc32": values.crc32 })),
      "InvalidRequest",
    );
    failing(() => parseDeclaredChecksum(new Headers(sdk)), "InvalidRequest");
  });

  it("is of an algorithm that we have", () => {
    failing(() => parseDeclaredChecksum(new Headers({ "x-amz-checksum-md4": "AAAA" })), "InvalidRequest");
    failing(() => parseDeclaredChecksum(new Headers({ "x-amz-trailer": "x-amz-checksum-xxhash32" })), "InvalidRequest");
    failing(() => parseDeclaredChecksum(new Headers({ "x-amz-trailer": "x-amz-meta-a" })), "InvalidRequest");
  });
});

describe("the checksum of an object that is completed", () => {
  it.each([values.crc32, `${values.crc32}-3`])("may be %s", (value) => {
    expect(parseObjectChecksum(new Headers({ "x-amz-checksum-crc32": value }))).toEqual({ algorithm: "crc32", value });
  });

  it.each(["x", `${values.crc32}-`, `${values.crc32}-a`, `${values.crc32}--3`, `${values.crc32}-1-2`])(
    "cannot be %s",
    (value) => {
      failing(() => parseObjectChecksum(new Headers({ "x-amz-checksum-crc32": value })), "InvalidRequest");
    },
  );

  it("is only one, or none", () => {
    expect(parseObjectChecksum(new Headers({ "x-amz-checksum-type": "COMPOSITE" }))).toBeNull();
    const headers = { "x-amz-checksum-crc32": values.crc32, "x-amz-checksum-crc32c": values.crc32c };
    failing(() => parseObjectChecksum(new Headers(headers)), "InvalidRequest");
  });
});

describe("the checksum of an upload", () => {
  const parse = (algorithm?: string, type?: string) =>
    parseUploadChecksum(
      new Headers({
        ...(algorithm !== undefined && { "x-amz-checksum-algorithm": algorithm }),
        ...(type !== undefined && { "x-amz-checksum-type": type }),
      }),
    );

  it.each([
    ["CRC32", undefined, "crc32", "composite"],
    ["crc32c", "composite", "crc32c", "composite"],
    ["CRC32C", "Full_Object", "crc32c", "full-object"],
    ["CRC64NVME", undefined, "crc64nvme", "full-object"],
    ["CRC64NVME", "FULL_OBJECT", "crc64nvme", "full-object"],
    ["SHA1", undefined, "sha1", "composite"],
    ["SHA256", "COMPOSITE", "sha256", "composite"],
    ["SHA512", undefined, "sha512", "composite"],
    ["MD5", undefined, "md5", "composite"],
    ["XXHASH64", undefined, "xxhash64", "composite"],
    ["XXHASH3", "COMPOSITE", "xxhash3", "composite"],
    ["XXHASH128", undefined, "xxhash128", "composite"],
  ])("%s %s is %s %s", (algorithm, typeSent, name, type) => {
    expect(parse(algorithm, typeSent)).toEqual({ algorithm: name, type });
  });

  it("may be absent", () => {
    expect(parse()).toBeNull();
  });

  it.each([
    ["SHA1", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm."],
    ["SHA256", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm."],
    ["XXHASH3", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the xxhash3 checksum algorithm."],
    ["MD5", "FULL_OBJECT", "The FULL_OBJECT checksum type cannot be used with the md5 checksum algorithm."],
    ["CRC64NVME", "COMPOSITE", "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."],
    [
      undefined,
      "COMPOSITE",
      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    ],
    ["CRC32", "PARTIAL", "Value for x-amz-checksum-type header is invalid."],
  ])("cannot be %s %s", (algorithm, type, message) => {
    expect(failing(() => parse(algorithm, type), "InvalidRequest").message).toBe(message);
  });

  it("is of an algorithm that we have", () => {
    failing(() => parseChecksumAlgorithm(new Headers({ "x-amz-checksum-algorithm": "CRC16" })), "InvalidRequest");
    failing(() => parseChecksumAlgorithm(new Headers({ "x-amz-checksum-algorithm": "SHA384" })), "InvalidRequest");
  });
});

it("is answered with its type", () => {
  expect(checksumAnswerHeaders({ algorithm: "crc32", type: "composite", value: "DUoRhQ==-2" })).toEqual({
    "x-amz-checksum-crc32": "DUoRhQ==-2",
    "x-amz-checksum-type": "COMPOSITE",
  });
  expect(checksumAnswerHeaders(undefined)).toEqual({});
  expect(checksumElement("crc64nvme")).toBe("ChecksumCRC64NVME");
});

it("is answered where it is asked for", () => {
  expect(wantsChecksum(new Headers({ "x-amz-checksum-mode": "ENABLED" }))).toBe(true);
  expect(wantsChecksum(new Headers({ "x-amz-checksum-mode": "enabled" }))).toBe(true);
  expect(wantsChecksum(new Headers())).toBe(false);
});
