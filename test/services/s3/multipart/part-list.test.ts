import { describe, expect, it } from "vitest";
import { parsePartList } from "../../../../src/services/s3/multipart/part-list.ts";
import { failing } from "../failing.ts";

const part = (number: number | string, inner = "") =>
  `<Part><PartNumber>${number}</PartNumber><ETag>"e${number}"</ETag>${inner}</Part>`;
const list = (...parts: string[]) =>
  new TextEncoder().encode(`<CompleteMultipartUpload>${parts.join("\n  ")}</CompleteMultipartUpload>`);

describe("the body of CompleteMultipartUpload", () => {
  it("lists parts", () => {
    const body = list(
      part(1, "<ChecksumCRC32>DUoRhQ==</ChecksumCRC32>"),
      "<Part><ETag>&quot;b&quot;</ETag><PartNumber>7</PartNumber></Part>",
      "<Part><ETag>c</ETag><PartNumber>10000</PartNumber></Part>",
    );
    expect(parsePartList(body)).toEqual([
      { partNumber: 1, etag: "e1", checksum: { algorithm: "crc32", value: "DUoRhQ==" } },
      { partNumber: 7, etag: "b" },
      { partNumber: 10000, etag: "c" },
    ]);
  });

  it("takes ten thousand of them", { tags: ["slow"] }, () => {
    expect(parsePartList(list(...Array.from({ length: 10_000 }, (_, index) => part(index + 1))))).toHaveLength(10_000);
  });

  it.each([
    ["descending", [part(2), part(1)]],
    ["repeated", [part(1), part(1)]],
  ])("refuses %s numbers", (_what, parts) => {
    failing(() => parsePartList(list(...parts)), "InvalidPartOrder");
  });

  it.each([["-4"], ["0"], ["10001"]])("refuses the number %s", (number) => {
    failing(() => parsePartList(list(part(number))), "InvalidArgument");
  });

  it.each([
    ["an empty list", []],
    ["a part without number", ["<Part><ETag>a</ETag></Part>"]],
    ["a part without ETag", ["<Part><PartNumber>1</PartNumber></Part>"]],
    ["a number that is none", [part("one")]],
    ["a number beyond reason", [part("99999999999")]],
  ])("is malformed: %s", (_what, parts) => {
    failing(() => parsePartList(list(...parts)), "MalformedXML");
  });

  it.each([
    "<ChecksumCRC32>invalid_checksum</ChecksumCRC32>",
    "<ChecksumSHA1>DUoRhQ==</ChecksumSHA1>",
    "<ChecksumCRC32>DUoRhQ==</ChecksumCRC32><ChecksumSHA1>Kq5sNclPz7QV2+lfQIuc6R7oRu0=</ChecksumSHA1>",
  ])("refuses the checksum %s", (inner) => {
    failing(() => parsePartList(list(part(1, inner))), "InvalidArgument");
  });
});
