import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { Answer } from "../../src/edge/answer.ts";
import { respond } from "../../src/edge/respond.ts";

const patience = { clock: systemClock, idleMs: 60_000 };
const marks = {
  requestId: "ID",
  hostId: "HOST",
  nowMs: 0,
  withoutBody: false,
  clientAcceptEncoding: undefined,
  patience,
};
const object = (headers: Record<string, string>, status = 200): Answer => ({
  status,
  headers: { ETag: '"x"', "Content-Type": "text/plain", ...headers },
  body: { sizeBytes: 0, next: async () => null, cancel: async () => {} },
});
const encodingOf = (answer: Answer, clientAcceptEncoding: unknown, withoutBody = false) =>
  respond(answer, { ...marks, clientAcceptEncoding, withoutBody }).response.headers.get("Content-Encoding");

test("the marks are on every answer", () => {
  const { headers } = respond({ status: 204 }, marks).response;
  expect(Object.fromEntries(headers)).toEqual({
    date: "Thu, 01 Jan 1970 00:00:00 GMT",
    server: "Sherd",
    "x-amz-id-2": "HOST",
    "x-amz-request-id": "ID",
  });
});

describe("objects behind a proxy that may compress", () => {
  test("are declared to be what they are, with or without their bytes", () => {
    for (const accepted of ["gzip, br", "zstd", "*", "deflate;q=0.5"]) {
      expect(encodingOf(object({}), accepted)).toBe("identity");
      expect(encodingOf(object({}), accepted, true)).toBe("identity");
    }
    expect(encodingOf(object({ "Content-Type": "application/json; charset=utf-8" }), "gzip")).toBe("identity");
    expect(encodingOf(object({ "Content-Type": "image/svg+xml" }), "gzip")).toBe("identity");
  });

  test("are left alone where nobody would compress them", () => {
    expect(encodingOf(object({}), undefined)).toBeNull();
    expect(encodingOf(object({}), "identity")).toBeNull();
    expect(encodingOf(object({}, 206), "gzip")).toBeNull();
    expect(encodingOf(object({ "Content-Type": "application/octet-stream" }), "gzip")).toBeNull();
    expect(encodingOf(object({ "Content-Type": "video/mp4" }), "gzip")).toBeNull();
    expect(encodingOf(object({ "Content-Encoding": "gzip" }), "gzip, br")).toBe("gzip");
    expect(encodingOf(object({ "Content-Encoding": "gzip" }), undefined)).toBe("gzip");
    expect(encodingOf(object({ "Content-Encoding": "gzip", "Content-Type": "video/mp4" }), "identity")).toBe("gzip");
  });

  test("are not decoded for a client that did not ask for their encoding", () => {
    expect(encodingOf(object({ "Content-Encoding": "gzip" }), "identity")).toBe("GZIP");
    expect(encodingOf(object({ "Content-Encoding": "br" }), "gzip")).toBe("BR");
  });

  test("documents may be compressed", () => {
    expect(encodingOf({ status: 200, body: "<a/>" }, "gzip")).toBeNull();
  });
});
