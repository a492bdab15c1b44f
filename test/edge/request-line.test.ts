import { expect, test } from "vitest";
import { parseJsonLine, type RequestLine, toJsonLine, toTextLine } from "../../src/edge/request-line.ts";

const line: RequestLine = {
  time: "2026-11-29T06:00:00.000Z",
  request: "AEEB10E12D8CCF64",
  client: "2001:db8::7",
  method: "PUT",
  path: "/first-bucket/album/a%20b",
  operation: "PutObject",
  status: 507,
  error: "InsufficientCapacity",
  ms: 12,
};

test("a line is told from whatever else is logged, and read back", () => {
  expect(parseJsonLine(toJsonLine(line))).toEqual(line);
  for (const other of ["maintenance {}", '{"time":1}', "", "AEEB10E12D8CCF64 PUT /x: bug"]) {
    expect(parseJsonLine(other)).toBeNull();
  }
});

test("people read it in columns; what is not known is a hyphen, and a request that went well has no code", () => {
  expect(toTextLine(line)).toBe(
    "2026-11-29T06:00:00.000Z 2001:db8::7 PUT /first-bucket/album/a%20b PutObject 507 InsufficientCapacity 12ms AEEB10E12D8CCF64",
  );
  const { client: _, error: __, ...rest } = line;
  expect(toTextLine({ ...rest, status: 200 })).toBe(
    "2026-11-29T06:00:00.000Z - PUT /first-bucket/album/a%20b PutObject 200 12ms AEEB10E12D8CCF64",
  );
});
