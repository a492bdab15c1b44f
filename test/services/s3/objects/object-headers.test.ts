import { describe, expect, it } from "vitest";
import { objectHeaders } from "../../../../src/services/s3/objects/object-headers.ts";
import { parseRangeRequest, selectRange } from "../../../../src/services/s3/objects/range.ts";
import type { ObjectHead } from "../../../../src/store/types.ts";

const head: ObjectHead = {
  key: "k",
  id: "i",
  sizeBytes: 100,
  etag: "e",
  modifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  storageClass: "STANDARD",
  tags: [],
  lock: { retention: null, legalHold: null },
  annotations: 0,
  attributes: { system: { contentType: "text/plain" }, user: { a: "b" } },
  checksum: { algorithm: "crc32", type: "full-object", value: "AAAAAA==" },
};
const completed: ObjectHead = {
  ...head,
  etag: "e-2",
  storageClass: "ONEZONE_IA",
  checksum: { algorithm: "crc32", type: "composite", value: "BBBBBA==-2" },
  parts: [
    { partNumber: 1, sizeBytes: 60, checksum: "CCCCCA==" },
    { partNumber: 2, sizeBytes: 40 },
  ],
};

function answer(object: ObjectHead, range: string | null = null, partNumber: string | null = null) {
  const request = parseRangeRequest(range, partNumber);
  return objectHeaders(object, { request, selection: selectRange(request, object), withChecksum: true, nowMs: 0 });
}

describe("the headers of an object", () => {
  it("say what it is", () => {
    expect(answer(head)).toEqual({
      "Content-Type": "text/plain",
      "x-amz-meta-a": "b",
      ETag: '"e"',
      "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT",
      "Accept-Ranges": "bytes",
      "x-amz-checksum-crc32": "AAAAAA==",
      "x-amz-checksum-type": "FULL_OBJECT",
    });
  });

  it("name its storage class unless it is STANDARD", () => {
    expect(answer(completed)["x-amz-storage-class"]).toBe("ONEZONE_IA");
  });

  it("hold the checksum of what is answered", () => {
    expect(answer(completed)["x-amz-checksum-crc32"]).toBe("BBBBBA==-2");
    expect(answer(completed, null, "1")).toMatchObject({
      "x-amz-checksum-crc32": "CCCCCA==",
      "x-amz-checksum-type": "COMPOSITE",
      "x-amz-mp-parts-count": "2",
      "Content-Range": "bytes 0-59/100",
    });
    expect(answer(head, null, "1")["x-amz-checksum-crc32"]).toBe("AAAAAA==");
    for (const headers of [answer(completed, null, "2"), answer(completed, "bytes=0-59"), answer(head, "bytes=-100")]) {
      expect(Object.keys(headers).filter((name) => name.includes("checksum"))).toEqual([]);
    }
  });

  it("hold no checksum where none is asked for", () => {
    const request = parseRangeRequest(null, null);
    const headers = objectHeaders(head, {
      request,
      selection: selectRange(request, head),
      withChecksum: false,
      nowMs: 0,
    });
    expect(Object.keys(headers).filter((name) => name.includes("checksum"))).toEqual([]);
  });
});
